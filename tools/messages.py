"""Message extraction: writes web/locale/skillstudio.pot and updates every translation from it.

Run `python -m tools.messages` or `make messages` after a text was added or changed. Untranslated messages
stay empty and are shown in English; unused ones are dropped.
"""

import sys
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_file
from babel.messages.pofile import read_po, write_po
from jinja2.ext import babel_extract

from web import LOCALE, TEMPLATES

WIDTH = 110  # characters in a line, as in the code

Message = str | tuple[str, str]  # or singular and plural

DOMAIN = "skillstudio"
ROOT = Path(__file__).parent.parent
PACKAGES = ("server", "transcoder", "storage")
KEYWORDS = {"_": None, "gettext": None, "N_": None, "ngettext": (1, 2)}
OPTIONS = {"trimmed": "true", "trim_blocks": "true", "lstrip_blocks": "true", "newstyle_gettext": "true"}


def collected() -> Catalog:
    """Messages of templates and sources, sorted alphabetically; no line numbers, which would move."""
    catalog = Catalog(domain=DOMAIN, project="SkillStudio", charset="utf-8")
    for message in sorted(_in_templates() | _in_sources(), key=str):
        catalog.add(message)
    return catalog


def template_text(catalog: Catalog) -> bytes:
    """Content of the .pot file, without a date, so that equal messages give equal files."""
    out = BytesIO()
    write_po(out, catalog, omit_header=True, width=WIDTH)
    return out.getvalue()


def update(path: Path, catalog: Catalog) -> None:
    language = path.parent.parent.name
    with path.open("rb") as lines:
        translation = read_po(lines, locale=language, domain=DOMAIN)
    translation.update(catalog, no_fuzzy_matching=True, update_creation_date=False)
    translation.obsolete.clear()
    out = BytesIO()
    write_po(out, translation, width=WIDTH, sort_output=True, ignore_obsolete=True)
    path.write_bytes(out.getvalue())


def _in_templates() -> set[Message]:
    found: set[Message] = set()
    for path in TEMPLATES.rglob("*.html"):
        with path.open("rb") as source:
            for _, function, texts, _ in babel_extract(source, list(KEYWORDS), (), OPTIONS):
                given = [text for text in (texts if isinstance(texts, tuple) else (texts,)) if text]
                found.add((given[0], given[1]) if function == "ngettext" else given[0])
    return found


def _in_sources() -> set[Message]:
    found: set[Message] = set()
    for package in PACKAGES:
        for path in (ROOT / package).rglob("*.py"):
            for _, text, _, _ in extract_from_file("python", path, keywords=KEYWORDS):
                found.add(text if isinstance(text, str) else (text[0], text[1]))
    return found


def main() -> None:
    catalog = collected()
    (LOCALE / f"{DOMAIN}.pot").write_bytes(template_text(catalog))
    for path in sorted(LOCALE.glob(f"*/LC_MESSAGES/{DOMAIN}.po")):
        update(path, catalog)
    sys.stdout.write(f"{len(catalog)} texts in {LOCALE}\n")


if __name__ == "__main__":
    main()
