"""Bundling of scripts and style sheets: every one that a page names is built, and no module runs twice."""

import re

from tools import bundle

IMPORTED = re.compile(r'from"(\./[^"]+)"|import"(\./[^"]+)"')


def test_every_named_file_has_a_source_and_is_built() -> None:
    named = bundle.entries()
    assert "js/player.js" in named
    assert {name for name in named if not (bundle.STATIC / name).is_file()} == set()
    assert {name for name in named if not (bundle.BUILT / name).is_file()} == set()


def test_modules_of_every_page_are_shared_with_the_other_scripts() -> None:
    """Else a page with another script would have two of each: two timers, two listeners."""
    pages = {name for name in bundle.entries() if name.startswith("js/")} - {"js/page.js"}
    markers = ("htmx:response:error", "data-toast-region")
    assert {name for name in pages if any(one in built(name) for one in markers)} == set()
    shared = imports("js/page.js")
    assert shared
    assert {name for name in pages if not shared <= imports(name)} == set()


def built(name: str) -> str:
    return (bundle.BUILT / name).read_text()


def imports(name: str) -> set[str]:
    return {first or second for first, second in IMPORTED.findall(built(name))}
