"""Discrimination of questions: one rule, wherever it is explained."""

import re

from web import TEMPLATES


def test_the_threshold_is_the_same_on_every_page() -> None:
    found = [
        limit
        for path in TEMPLATES.rglob("*.html")
        for sentence in re.findall(r"Discrimination[^.]*(?:\.\d[^.]*)*", path.read_text("utf-8"))
        for limit in re.findall(r"below (\d(?:\.\d)?) look", sentence)
    ]
    assert found == ["0.2", "0.2"]
