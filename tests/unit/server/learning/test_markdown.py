"""Markdown of text lessons: what it becomes, and that nothing of an author's HTML reaches a page."""

from html.parser import HTMLParser
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.core.errors import Invalid
from server.learning.texts import rules
from server.learning.texts.markdown import rendered

FILE = "0" * 32
BLOCKS = {"h2", "h3", "h4", "h5", "h6", "p", "ul", "ol", "li", "blockquote", "pre", "hr", "div"}
TABLES = {"table", "thead", "tbody", "tr", "th", "td"}
TAGS = BLOCKS | TABLES | {"a", "br", "code", "em", "img", "s", "span", "strong"}
OF_LINKS = {"href", "title", "rel", "target"}
ATTRIBUTES = OF_LINKS | {"src", "alt", "loading", "decoding", "class", "start", "tabindex"}


class Tags(HTMLParser):
    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def dangers(html: str) -> list[str]:
    wrong = []
    for tag, attributes in Tags(html).found:
        if tag not in TAGS or attributes.keys() - ATTRIBUTES:
            wrong.append(f"{tag} {attributes}")
        scheme = urlsplit(attributes.get("href") or "").scheme
        if scheme not in ("", "http", "https", "mailto", "tel"):
            wrong.append(f"link to {scheme}")
        if tag == "img" and not (attributes.get("src") or "").startswith("/files/"):
            wrong.append(f"picture from {attributes.get('src')}")
    return wrong


PIECES = st.sampled_from(
    [
        *"<>&\"'`*_~#|$\\()[]!:/= \n-+1",
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "javascript:alert(1)",
        "data:text/html,x",
        "[a](",
        "![a](",
        f"/files/{FILE}/a.png",
        "//evil.example/x",
        "https://example.org/",
        "&#106;avascript:",
        "\n\n",
        "```py\n",
        "| a | b |\n|:-|-:|\n",
        "$$",
        "\\[",
        "style=",
        "word",
        "é漢",
    ]
)


@given(st.lists(PIECES, max_size=40).map("".join))
def test_only_allowed_tags_and_addresses(markdown: str) -> None:
    assert dangers(rendered(markdown).html) == []


@pytest.mark.parametrize(
    "markdown",
    [
        "<script>alert(1)</script>",
        "<svg onload=alert(1)>",
        "a <b onclick=x>b</b>",
        "[x](javascript:alert(1))",
        "[x](JaVaScRiPt:alert(1))",
        "[x](&#106;avascript:alert(1))",
        "[x](data:text/html;base64,PHN2Zz4=)",
        "[x](vbscript:x)",
        "![x](data:image/png;base64,AA==)",
        "![x](https://elsewhere.example/track.gif)",
        '![x](/files/x" onerror="alert(1))',
        "[x]: javascript:alert(1)\n\n[x]",
        "<javascript:alert(1)>",
        '```" onmouseover="x\ncode\n```',
    ],
)
def test_attacks_are_shown_as_text(markdown: str) -> None:
    assert dangers(rendered(markdown).html) == []


def test_headings_lists_tables_code_and_emphasis() -> None:
    text = "# One\n\n- a\n- *b*\n\n3. c\n\n| x | y |\n|---|--:|\n| 1 | 2 |\n\n"
    html = rendered(text + "```python\nprint(1)\n```\n\n> q ~~s~~ **t**").html
    for part in (
        "<h2>One</h2>",
        "<li><em>b</em></li>",
        '<ol start="3">',
        '<td class="align-right">2</td>',
        '<pre tabindex="0"><code class="language-python">print(1)\n</code></pre>',
        "<blockquote>",
        "<s>s</s>",
        "<strong>t</strong>",
    ):
        assert part in html


def test_links_to_other_sites_open_apart_and_links_inside_do_not() -> None:
    html = rendered("[out](https://example.org/) [in](/dashboard) [mail](mailto:a@b.example)").html
    assert '<a href="https://example.org/" target="_blank" rel="noopener noreferrer">out</a>' in html
    assert '<a href="/dashboard">in</a>' in html
    assert '<a href="mailto:a@b.example">mail</a>' in html


def test_own_pictures_are_shown_and_others_become_links() -> None:
    shown = rendered(f"![A lens](/files/{FILE}/lens.png) ![Far](https://example.org/far.png)")
    assert f'<img src="/files/{FILE}/lens.png" alt="A lens" loading="lazy" decoding="async" />' in shown.html
    assert (
        '<a href="https://example.org/far.png" target="_blank" rel="noopener noreferrer">Far</a>'
        in shown.html
    )
    assert shown.pictures == {FILE}


@pytest.mark.parametrize(
    "formula",
    [
        "$a_1 * b_2 * c$",
        "$x_{i}^* + \\alpha_{j}$",
        "\\(a_b * c_d\\)",
        "\\[x \\\\ y\\]",
        "$$\na_1 * b\n- c\n= d\n$$",
        "\\[\n\\begin{matrix} a & b \\\\ c & d \\end{matrix}\n\\]",
    ],
)
def test_formulas_stay_as_they_are_typed(formula: str) -> None:
    html = rendered(f"Before\n\n{formula}\n\nafter").html
    assert formula.replace("&", "&amp;") in html
    assert "<em>" not in html
    assert "<li>" not in html


def test_prices_are_no_formulas() -> None:
    assert 'class="math"' not in rendered("It costs $5 and then $6, or 3 $ a day.").html


@given(st.text())
def test_words_and_reading_time_of_any_text(text: str) -> None:
    seconds = rules.reading_seconds(text)
    assert rules.words(text) >= 0
    assert seconds is None or (seconds >= 60 and seconds % 60 == 0)


def test_reading_time() -> None:
    assert rules.reading_seconds(" \n") is None
    assert rules.reading_seconds("word " * 200) == 60
    assert rules.reading_seconds("word " * 201) == 120
    assert rules.reading_seconds("漢" * 800) == 120


@given(st.text(alphabet=st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), max_size=200))
def test_cleaning_twice_is_cleaning_once(text: str) -> None:
    assert rules.clean_text(rules.clean_text(text)) == rules.clean_text(text)


@pytest.mark.parametrize("text", ["a" * (rules.TEXT_LENGTH + 1), "a\x00b"])
def test_text_that_is_refused(text: str) -> None:
    with pytest.raises(Invalid) as refused:
        rules.clean_text(text)
    assert "markdown" in refused.value.fields
