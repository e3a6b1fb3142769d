r"""Formulas in Markdown, left as they are typed: $…$, $$…$$, \(…\) and \[…\]. Pure.

Without these rules, Markdown would read underscores, asterisks and backslashes in them.
"""

import re
from collections.abc import Sequence
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.common.utils import escapeHtml
from markdown_it.rules_block import StateBlock
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token

LONGEST = 500  # characters of a formula in a line: a lone dollar sign does not swallow a chapter
MOST_LINES = 100  # of a formula on lines of its own
# A dollar sign is a formula's as in Pandoc: no space inside of it, and no digit after it, as in "$5 and $6".
INLINE = re.compile(
    rf"\$\$(?P<display>[^$]{{1,{LONGEST}}}?)\$\$"
    rf"|\$(?!\s|\$)(?:[^$\\\n]|\\.){{1,{LONGEST}}}?(?<!\s)\$(?!\d)"
    rf"|\\\((?:[^\\]|\\(?!\))){{1,{LONGEST}}}?\\\)"
    rf"|\\\[(?:[^\\]|\\(?!\])){{1,{LONGEST}}}?\\\]",
    re.DOTALL,
)
FENCES = {"$$": "$$", "\\[": "\\]"}  # first line of a block, and its end


def add_rules(parser: MarkdownIt) -> None:
    parser.inline.ruler.before("escape", "math_inline", _inline)
    parser.block.ruler.before(
        "fence", "math_block", _block, {"alt": ["paragraph", "reference", "blockquote", "list"]}
    )
    parser.add_render_rule("math_inline", _render_inline)
    parser.add_render_rule("math_block", _render_block)


def _inline(state: StateInline, silent: bool) -> bool:
    if state.src[state.pos] not in "$\\":
        return False
    found = INLINE.match(state.src, state.pos, state.posMax)
    if found is None:
        return False
    if not silent:
        state.push("math_inline", "", 0).content = found[0]
    state.pos = found.end()
    return True


def _block(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """A formula on lines of its own: from a line that begins with $$ or \\[ to one that ends with its end."""
    first = _line(state, start)
    closing = FENCES.get(first[:2])
    if closing is None or state.is_code_block(start):
        return False
    for number in range(start, min(end, start + MOST_LINES)):
        text = _line(state, number)
        if number > start and (not text or state.sCount[number] < state.blkIndent):
            return False
        if text.endswith(closing) and (number > start or len(text) >= 2 * len(closing)):
            break
    else:
        return False
    if not silent:
        token = state.push("math_block", "", 0)
        token.content = state.getLines(start, number + 1, state.blkIndent, False).strip()
        token.map = [start, number + 1]
        state.line = number + 1
    return True


def _line(state: StateBlock, number: int) -> str:
    return state.src[state.bMarks[number] + state.tShift[number] : state.eMarks[number]].rstrip()


def _render_inline(_renderer: Any, tokens: Sequence[Token], index: int, _options: Any, _env: Any) -> str:
    return f'<span class="math">{escapeHtml(tokens[index].content)}</span>'


def _render_block(_renderer: Any, tokens: Sequence[Token], index: int, _options: Any, _env: Any) -> str:
    return f'<div class="math" tabindex="0">{escapeHtml(tokens[index].content)}</div>\n'
