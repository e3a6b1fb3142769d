"""Message catalogue: complete, and placeholders match in calls and translations."""

import re
from pathlib import Path

import pytest
from babel.messages.catalog import Message
from babel.messages.pofile import read_po
from jinja2 import nodes

from server.core.web.pages import environment
from tools.messages import DOMAIN, collected, template_text, update
from web import LOCALE, TEMPLATES

PLACEHOLDER = re.compile(r"%\((\w+)\)s|\{(\w+)\}")
TRANSLATIONS = sorted(LOCALE.glob(f"*/LC_MESSAGES/{DOMAIN}.po"))


def placeholders(text: str) -> set[str]:
    return {"".join(found) for found in PLACEHOLDER.findall(text)}


def test_catalogue_is_complete() -> None:
    kept = (LOCALE / f"{DOMAIN}.pot").read_bytes()
    assert kept == template_text(collected()), "Run `make messages`."


@pytest.mark.parametrize("kept", TRANSLATIONS, ids=lambda path: path.parent.parent.name)
def test_translations_are_as_the_tool_writes_them(kept: Path, tmp_path: Path) -> None:
    """Lines that nobody changed would move with the next text."""
    again = tmp_path / kept.relative_to(LOCALE)
    again.parent.mkdir(parents=True)
    again.write_bytes(kept.read_bytes())
    update(again, collected())
    assert again.read_bytes() == kept.read_bytes(), "Run `make messages`."


def calls(template: Path) -> list[nodes.Call]:
    tree = environment().parse(template.read_text())
    return [
        call
        for call in tree.find_all(nodes.Call)
        if isinstance(call.node, nodes.Name) and call.node.name in ("_", "gettext", "ngettext")
    ]


def test_templates_fill_every_placeholder() -> None:
    wrong = [
        f"{template.name}:{call.lineno}"
        for template in TEMPLATES.rglob("*.html")
        for call in calls(template)
        if not is_complete(call)
    ]
    assert wrong == []


def is_complete(call: nodes.Call) -> bool:
    """Whether a call fills its literal text's placeholders; other texts use the filter `translated`."""
    texts = [argument.value for argument in call.args if isinstance(argument, nodes.Const)]
    given = {keyword.key for keyword in call.kwargs}
    wanted = {name for text in texts for name in re.findall(r"%\((\w+)\)s", str(text))}
    lone_percent = any(re.search(r"%(?!\(|%)", str(text).replace("%%", "")) for text in texts)
    return bool(texts) and wanted - {"num"} == given and not lone_percent


def test_missing_placeholder_value_is_found() -> None:
    tree = environment().parse('{{ _("Hello %(name)s") }}{{ _("100 %") }}{{ _("Hello") }}')
    assert [is_complete(call) for call in tree.find_all(nodes.Call)] == [False, False, True]


def test_translations_keep_placeholders() -> None:
    """Untranslated texts are shown in English; translated ones must not need values that are not given."""
    wrong = []
    for path in TRANSLATIONS:
        with path.open("rb") as lines:
            translation = read_po(lines, locale=path.parent.parent.name)
        wrong += [message.id for message in translation if message.id and not keeps_placeholders(message)]
    assert wrong == []


def keeps_placeholders(message: Message) -> bool:
    sources = [message.id] if isinstance(message.id, str) else list(message.id)
    texts = [message.string] if isinstance(message.string, str) else list(message.string or ())
    # A singular may write its number as a word; no form may use an unknown placeholder.
    allowed = set().union(*map(placeholders, sources))
    required = placeholders(sources[0]) if len(sources) == 1 else set()
    filled = [text for text in texts if text]
    return (
        not message.fuzzy
        and len(filled) in (0, len(texts))
        and all(required <= placeholders(text) <= allowed for text in filled)
    )
