"""Marks that choose the tests of a stage: the Makefile finds their files by the text of the mark."""

import re

from tests.architecture.source import names_used, python_files

MARK = re.compile(r"pytest\.mark\.(media|faults|e2e)")


def test_marks_of_stages_are_written_in_files_of_tests() -> None:
    elsewhere = [
        str(place)
        for path in python_files("tests")
        if not path.name.startswith("test_")
        for used, place in names_used(path)
        if MARK.match(used)
    ]
    assert elsewhere == []


def test_marks_have_no_other_name_there() -> None:
    """What the Makefile's text does not find would run in no stage."""
    hidden = [
        str(place)
        for path in python_files("tests")
        for used, place in names_used(path)
        if (found := MARK.match(used)) and f"mark.{found[1]}" not in path.read_text()
    ]
    assert hidden == []
