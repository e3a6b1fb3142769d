"""Markdown to HTML for text lessons. Pure.

HTML in the text is shown as text. Every tag comes from a token of the parser, and tokens, attributes and
addresses outside the lists below are dropped, so that no HTML of an author reaches a page.
"""

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any

import msgspec
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token

from server.learning.texts import maths

# Of a picture on this server: no page loads anything from elsewhere.
PICTURE = re.compile(r"/files/[0-9a-f]{32}(?:/[^\s\"'<>\\]*)?")
LINK = re.compile(r"(?:https?://|mailto:|tel:|/(?!/)|#)[^\s<>\"\\]*|[\w][\w./%-]*(?:#[\w-]*)?", re.IGNORECASE)
OUTSIDE = re.compile(r"https?://", re.IGNORECASE)
LANGUAGE = re.compile(r"[A-Za-z0-9+#_-]{1,30}")
ALIGNMENT = re.compile(r"text-align:(left|right|center)")
LOWEST_HEADING = 6
CACHED = 64  # texts: a class opens the same few

_BLOCKS = ("paragraph", "heading", "blockquote", "bullet_list", "ordered_list", "list_item")
_TABLES = ("table", "thead", "tbody", "tr", "th", "td")
_INLINES = ("em", "strong", "s", "link")
_SINGLE = ("fence", "code_block", "hr", "inline", "text", "softbreak", "hardbreak", "code_inline", "image")
_PAIRS = {f"{name}_{end}" for name in (*_BLOCKS, *_TABLES, *_INLINES) for end in ("open", "close")}
TOKENS = frozenset({*_PAIRS, *_SINGLE, "math_block", "math_inline"})
ATTRIBUTES = {
    "a": frozenset({"href", "title", "rel", "target"}),
    "img": frozenset({"src", "alt", "title", "loading", "decoding"}),
    "ol": frozenset({"start"}),
    "th": frozenset({"class"}),
    "td": frozenset({"class"}),
}


class Rendered(msgspec.Struct, frozen=True):
    html: str
    read: str  # the words of it, and a mark for each picture
    pictures: frozenset[str]  # ids of the files that it shows


@lru_cache(maxsize=CACHED)
def rendered(markdown: str) -> Rendered:
    """HTML of a text. Headings begin at h2, below the page's own. Takes 5 ms for a page of text."""
    parser = _parser()
    tokens = [token for token in parser.parse(markdown) if token.type in TOKENS]
    read: list[str] = []
    pictures: set[str] = set()
    for token in tokens:
        _clean(token)
        if token.type == "inline":
            token.children = list(_inline(token.children or []))
            shown = [str(child.attrs["src"]) for child in token.children if child.tag == "img"]
            pictures |= {address.split("/")[2] for address in shown}
            read += [child.content for child in token.children]
        elif token.content:
            read.append(token.content)
    html: str = parser.renderer.render(tokens, parser.options, {})
    return Rendered(html, " ".join(read), frozenset(pictures))


def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])
    parser.disable(["html_block", "html_inline"])
    maths.add_rules(parser)
    parser.add_render_rule("table_open", lambda *_: '<div class="text-table" tabindex="0"><table>\n')
    parser.add_render_rule("table_close", lambda *_: "</table></div>\n")
    for name in ("fence", "code_block"):
        parser.add_render_rule(name, _focusable)
    return parser


def _focusable(renderer: RendererHTML, tokens: Sequence[Token], index: int, *rest: Any) -> str:
    """Code in a box that scrolls sideways, also by the keyboard."""
    shown: str = getattr(RendererHTML, tokens[index].type)(renderer, tokens, index, *rest)
    return shown.replace("<pre>", '<pre tabindex="0">', 1)


def _clean(token: Token) -> None:
    """Attributes that pages allow; alignment as a class, because the policy forbids inline styles."""
    if token.tag and token.type.startswith("heading"):
        token.tag = f"h{min(int(token.tag[1]) + 1, LOWEST_HEADING)}"
    if token.type == "fence":
        first = token.info.strip().partition(" ")[0]
        token.info = first if LANGUAGE.fullmatch(first) else ""
    aligned = ALIGNMENT.fullmatch(str(token.attrs.get("style", "")))
    allowed = ATTRIBUTES.get(token.tag, frozenset())
    token.attrs = {name: value for name, value in token.attrs.items() if name in allowed}
    if aligned and "class" in allowed:
        token.attrs["class"] = f"align-{aligned[1]}"


def _inline(children: Sequence[Token]) -> Iterator[Token]:
    linked: list[bool] = []  # of each open link, whether it is kept
    for token in children:
        if token.type not in TOKENS:
            continue
        _clean(token)
        if token.type == "link_open":
            linked.append(_is_link(token))
            if linked[-1]:
                yield token
        elif token.type == "link_close":
            if linked.pop():
                yield token
        elif token.type == "image":
            yield from _picture(token, inside_link=any(linked))
        else:
            yield token


def _is_link(token: Token) -> bool:
    """Whether the address is allowed. Other sites open in a tab of their own and learn nothing of ours."""
    address = str(token.attrs.get("href", ""))
    if not LINK.fullmatch(address):
        return False
    if OUTSIDE.match(address):
        token.attrs |= {"target": "_blank", "rel": "noopener noreferrer"}
    return True


def _picture(token: Token, *, inside_link: bool) -> Iterator[Token]:
    """A picture of this server; one from elsewhere becomes a link to it."""
    address = str(token.attrs.get("src", ""))
    if PICTURE.fullmatch(address):
        token.attrs |= {"loading": "lazy", "decoding": "async"}
        yield token
        return
    text = Token("text", "", 0, content=token.content or address)
    opening = Token("link_open", "a", 1, attrs={"href": address})
    if inside_link or not _is_link(opening):
        yield text
    else:
        yield from (opening, text, Token("link_close", "a", -1))
