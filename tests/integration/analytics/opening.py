"""Figures of a page that open nothing: numbers in its content that no link to a definition holds."""

import re
from html.parser import HTMLParser

from tests.integration.pages.markup import VOID

NUMBER = re.compile(r"\d")
OPENS = (
    "/metrics/",
    "/admin#",
    "/admin/people",
    "/admin",
)  # definitions; the system's own page for its health
NOT_FIGURES = {"option", "title", "time", "button", "summary", "svg", "dt", "h1"}
MARKED = {"lead", "analytics-compared", "plot-axis", "plot-days", "muted", "file-list", "tabs", "chart-note"}


class Figures(HTMLParser):
    """`unopened`: texts with digits outside of links to definitions, in cells under a heading without one."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.opened = 0
        self.unopened: list[str] = []
        self._path: list[tuple[str, dict[str, str]]] = []
        self._headings: list[bool] = []  # of the table's columns: whether they open
        self._cell = 0
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "table":
            self._headings = []
        if tag == "tr":
            self._cell = -1
        if tag in ("td", "th"):
            self._cell += 1
            if any(name == "thead" for name, _ in self._path):
                self._headings.append(False)
        if tag == "a" and self._headings and any(name == "thead" for name, _ in self._path):
            self._headings[-1] |= "/metrics/" in given.get("href", "")
        if tag not in VOID:
            self._path.append((tag, given))

    def handle_endtag(self, tag: str) -> None:
        while self._path and self._path.pop()[0] != tag:
            pass

    def handle_data(self, data: str) -> None:
        names = [name for name, _ in self._path]
        if "main" not in names or not NUMBER.search(data):
            return
        if NOT_FIGURES & set(names):
            return
        classes = {one for _, given in self._path for one in given.get("class", "").split()}
        links = [given.get("href", "") for name, given in self._path if name == "a"]
        opens = any(place in link for link in links for place in OPENS)
        if opens or ("td" in names and any(self._headings[self._cell : self._cell + 1])):
            self.opened += 1
        elif "th" not in names and not classes & MARKED and not links:
            self.unopened.append(data.strip())
