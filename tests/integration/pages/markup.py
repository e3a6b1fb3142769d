"""Markup checker: `faults(html)` lists errors of validity, accessibility and inline code."""

from dataclasses import dataclass, field
from html.parser import HTMLParser
from itertools import pairwise

VOID = {"area", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
INLINE = {"a", "button", "code", "em", "label", "small", "span", "strong", "summary"}
BLOCKS = {"article", "aside", "div", "footer", "form", "header", "main", "nav", "ol", "p", "section", "ul"}
NO_LABEL = {"hidden", "submit", "button"}
REFERENCES = ("for", "aria-labelledby", "aria-describedby", "aria-controls")


@dataclass
class Element:
    tag: str
    attributes: dict[str, str]
    parents: list["Element"]
    text: list[str] = field(default_factory=list)

    @property
    def name(self) -> str:
        """Accessible name: the label, or the text content."""
        return self.attributes.get("aria-label", "") or " ".join("".join(self.text).split())

    def inside(self, *tags: str) -> bool:
        return any(parent.tag in tags for parent in self.parents)

    def __str__(self) -> str:
        shown = " ".join(f'{name}="{value}"' for name, value in list(self.attributes.items())[:4])
        return f"<{self.tag} {shown}>"


class Page(HTMLParser):
    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[Element] = []
        self.wrong: list[str] = []
        self._open: list[Element] = []
        self.feed(html)
        self.close()
        self.wrong += [f"{element} is never closed" for element in self._open]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = [name for name, _ in attrs]
        element = Element(tag, {name: value or "" for name, value in attrs}, list(self._open))
        if len(names) != len(set(names)):
            self.wrong.append(f"{element} has an attribute twice")
        if tag in BLOCKS and element.inside(*(INLINE | {"p"}) - {"summary"}):
            self.wrong.append(f"{element} may not stand inside {self._open[-1]}")
        if tag in ("a", "button") and element.inside("a", "button", "summary"):
            self.wrong.append(f"{element} stands inside another control")
        self.elements.append(element)
        if tag not in VOID:
            self._open.append(element)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in VOID or any(parent.tag == "svg" for parent in self._open):
            self.elements.append(Element(tag, {name: value or "" for name, value in attrs}, list(self._open)))
        else:
            self.wrong.append(f"<{tag}/> does not close itself in HTML")

    def handle_endtag(self, tag: str) -> None:
        if self._open and self._open[-1].tag == tag:
            self._open.pop()
        else:
            self.wrong.append(f"</{tag}> ends {self._open[-1] if self._open else 'nothing'}")

    def handle_data(self, data: str) -> None:
        for element in self._open:
            element.text.append(data)

    def all(self, *tags: str) -> list[Element]:
        return [element for element in self.seen if element.tag in tags]

    @property
    def placed(self) -> list[Element]:
        """Elements outside of <template>."""
        return [element for element in self.elements if not element.inside("template")]

    @property
    def seen(self) -> list[Element]:
        """Elements that are not hidden, neither visually nor from screen readers."""
        return [
            element
            for element in self.placed
            if not any("hidden" in part.attributes for part in (element, *element.parents))
        ]


def faults(html: str) -> list[str]:
    """Empty for a page that is well-formed, accessible, and free of inline code."""
    page = Page(html)
    return [
        *page.wrong,
        *_document(page),
        *_ids(page),
        *_headings(page),
        *_names(page),
        *_inline_code(page),
    ]


def _document(page: Page) -> list[str]:
    html, main = page.all("html"), page.all("main")
    found = [] if html and html[0].attributes.get("lang") else ["the page has no language"]
    found += [] if len(main) == 1 else [f"{len(main)} main landmarks"]
    title = [element for element in page.all("title") if not element.inside("svg")]
    found += [] if len(title) == 1 and title[0].name else ["no title"]
    navigation = [
        element.name for element in page.all("nav") if not element.attributes.get("aria-labelledby")
    ]
    labels = [element.attributes.get("aria-label") for element in page.all("nav")]
    if len(set(labels)) != len(labels):
        found.append(f"landmarks of the same name: {navigation}")
    return found


def _ids(page: Page) -> list[str]:
    ids = [element.attributes["id"] for element in page.placed if "id" in element.attributes]
    found = [f"id {name} is given twice" for name in sorted(set(ids)) if ids.count(name) > 1]
    for element in page.seen:
        for attribute in REFERENCES:
            for wanted in element.attributes.get(attribute, "").split():
                found += [] if wanted in ids else [f"{attribute} of {element} leads nowhere"]
        address = element.attributes.get("href", "")
        if address.startswith("#") and address[1:] not in ids:
            found.append(f"{element} leads nowhere")
    return found


def _headings(page: Page) -> list[str]:
    levels = [HEADINGS.index(element.tag) + 1 for element in page.seen if element.tag in HEADINGS]
    found = [] if levels.count(1) == 1 else [f"{levels.count(1)} headings of the first level"]
    found += [f"h{after} follows h{before}" for before, after in pairwise(levels) if after > before + 1]
    return found


def _names(page: Page) -> list[str]:
    labelled = {element.attributes.get("for") for element in page.all("label")}
    found = [f"{element} has no alt" for element in page.all("img") if "alt" not in element.attributes]
    for element in page.all("input", "select", "textarea"):
        known = element.attributes.get("aria-label") or element.inside("label")
        if (
            element.attributes.get("type") not in NO_LABEL
            and not known
            and element.attributes.get("id") not in labelled
        ):
            found.append(f"{element} has no label")
    for element in page.all("a", "button", "summary", "progress", "meter"):
        found += [] if element.name or _named_by_content(page, element) else [f"{element} has no name"]
    return found


def _named_by_content(page: Page, control: Element) -> bool:
    inside = [element for element in page.elements if control in element.parents]
    return any(element.attributes.get("aria-label") or element.attributes.get("alt") for element in inside)


def _inline_code(page: Page) -> list[str]:
    found = [f"{element} in the page" for element in page.all("style")]
    for element in page.elements:
        found += [
            f"{element}: {name}" for name in element.attributes if name == "style" or name.startswith("on")
        ]
        if (
            element.tag == "script"
            and "src" not in element.attributes
            and element.attributes.get("type") != "importmap"
        ):
            found.append(f"{element} in the page")
        if element.tag == "form" and element.attributes.get("method", "get") not in ("get", "post"):
            found.append(f"{element} works only with JavaScript")
    return found


def hidden(html: str) -> dict[str, str]:
    """Values of the hidden fields of a page."""
    fields = [
        field.attributes for field in Page(html).all("input") if field.attributes.get("type") == "hidden"
    ]
    return {field["name"]: field.get("value", "") for field in fields}
