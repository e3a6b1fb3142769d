"""The catalogue holds every text, and no text can fail for want of a value."""

import re
from pathlib import Path

from babel.messages.catalog import Message
from babel.messages.pofile import read_po
from jinja2 import nodes

from server.core.web.pages import environment
from tools.messages import DOMAIN, collected, template_text
from web import LOCALE, TEMPLATES

PLACEHOLDER = re.compile(r"%\((\w+)\)s|\{(\w+)\}")
TRANSLATIONS = sorted(LOCALE.glob(f"*/LC_MESSAGES/{DOMAIN}.po"))


def placeholders(text: str) -> set[str]:
    return {"".join(found) for found in PLACEHOLDER.findall(text)}


def test_the_catalogue_holds_every_text() -> None:
    kept = (LOCALE / f"{DOMAIN}.pot").read_bytes()
    assert kept == template_text(collected()), "Run `make messages`."


def calls(template: Path) -> list[nodes.Call]:
    tree = environment().parse(template.read_text())
    return [
        call
        for call in tree.find_all(nodes.Call)
        if isinstance(call.node, nodes.Name) and call.node.name in ("_", "gettext", "ngettext")
    ]


def test_templates_give_every_text_its_values() -> None:
    wrong = [
        f"{template.name}:{call.lineno}"
        for template in TEMPLATES.rglob("*.html")
        for call in calls(template)
        if not fits(call)
    ]
    assert wrong == []


def fits(call: nodes.Call) -> bool:
    """Texts stand in the call: what is only known later goes through the filter `translated`."""
    texts = [argument.value for argument in call.args if isinstance(argument, nodes.Const)]
    given = {keyword.key for keyword in call.kwargs}
    wanted = {name for text in texts for name in re.findall(r"%\((\w+)\)s", str(text))}
    lone_percent = any(re.search(r"%(?!\(|%)", str(text).replace("%%", "")) for text in texts)
    return bool(texts) and wanted - {"num"} == given and not lone_percent


def test_a_text_without_its_value_is_found() -> None:
    tree = environment().parse('{{ _("Hello %(name)s") }}{{ _("100 %") }}{{ _("Hello") }}')
    assert [fits(call) for call in tree.find_all(nodes.Call)] == [False, False, True]


def test_every_translation_keeps_the_values() -> None:
    """What is not translated yet shows in English; what is must not ask for more than it is given."""
    wrong = []
    for path in TRANSLATIONS:
        with path.open("rb") as lines:
            translation = read_po(lines, locale=path.parent.parent.name)
        wrong += [message.id for message in translation if message.id and not sound(message)]
    assert wrong == []


def sound(message: Message) -> bool:
    sources = [message.id] if isinstance(message.id, str) else list(message.id)
    texts = [message.string] if isinstance(message.string, str) else list(message.string or ())
    # A singular may spell its number out; no form may ask for what it is not given.
    most = set().union(*map(placeholders, sources))
    least = placeholders(sources[0]) if len(sources) == 1 else set()
    filled = [text for text in texts if text]
    return (
        not message.fuzzy
        and len(filled) in (0, len(texts))
        and all(least <= placeholders(text) <= most for text in filled)
    )
