"""Three-way merge of form fields: no text is lost, and the order of two saves decides nothing silently."""

from hypothesis import given
from hypothesis import strategies as st

from server.core.text.merge import differences, fingerprint, merge

TEXTS = st.text(alphabet="ab \n", max_size=4)  # few texts, so that equal ones are frequent
FORMS = st.fixed_dictionaries({"title": TEXTS, "description": TEXTS})


def started_from(texts: dict[str, str]) -> dict[str, str]:
    return {name: fingerprint(text) for name, text in texts.items()}


@given(base=FORMS, typed=FORMS, saved=FORMS)
def test_every_typed_text_is_saved_or_shown(
    base: dict[str, str], typed: dict[str, str], saved: dict[str, str]
) -> None:
    merged = merge(typed, saved, started_from(base))
    for name, text in typed.items():
        unchanged = text == base[name]
        assert merged.texts[name] == text or unchanged


@given(base=FORMS, typed=FORMS, saved=FORMS)
def test_every_saved_text_is_kept_or_shown(
    base: dict[str, str], typed: dict[str, str], saved: dict[str, str]
) -> None:
    merged = merge(typed, saved, started_from(base))
    for name, text in saved.items():
        unchanged = text == base[name]
        assert text in (merged.texts[name], merged.conflicts.get(name)) or unchanged


@given(base=FORMS, typed=FORMS, saved=FORMS)
def test_only_fields_that_both_changed_conflict(
    base: dict[str, str], typed: dict[str, str], saved: dict[str, str]
) -> None:
    merged = merge(typed, saved, started_from(base))
    both = {
        name
        for name in base
        if typed[name] != base[name] and saved[name] != base[name] and typed[name] != saved[name]
    }
    assert merged.conflicts.keys() == both


@given(base=FORMS, typed=FORMS, saved=FORMS)
def test_merge_without_conflict_does_not_depend_on_the_order(
    base: dict[str, str], typed: dict[str, str], saved: dict[str, str]
) -> None:
    one, other = merge(typed, saved, started_from(base)), merge(saved, typed, started_from(base))
    assert one.conflicts.keys() == other.conflicts.keys()
    if not one.conflicts:
        assert one.texts == other.texts


@given(typed=FORMS, saved=FORMS)
def test_without_its_start_a_text_that_differs_conflicts(
    typed: dict[str, str], saved: dict[str, str]
) -> None:
    merged = merge(typed, saved, {})
    assert merged.conflicts == {name: saved[name] for name in saved if saved[name] != typed[name]}


@given(typed=FORMS, saved=FORMS)
def test_saving_over_both_texts_saves_the_typed_one(typed: dict[str, str], saved: dict[str, str]) -> None:
    """After a conflict the form starts from the saved texts."""
    assert merge(typed, saved, started_from(saved)).texts == typed


@given(TEXTS)
def test_line_ends_of_browsers_do_not_change_a_text(text: str) -> None:
    assert fingerprint(text.replace("\n", "\r\n")) == fingerprint(text)


@given(st.text(max_size=60), st.text(max_size=60))
def test_compared_pieces_are_the_texts(one: str, other: str) -> None:
    ones, others = differences(one, other)
    assert "".join(piece.text for piece in ones) == one
    assert "".join(piece.text for piece in others) == other
    same = ["".join(piece.text for piece in side if not piece.changed) for side in (ones, others)]
    assert same[0] == same[1]


def test_changed_words_are_marked() -> None:
    ones, others = differences("Light as rays and waves.", "Light as particles and waves.")
    assert [piece.text.strip() for piece in ones if piece.changed] == ["rays"]
    assert [piece.text.strip() for piece in others if piece.changed] == ["particles"]


def test_long_texts_are_compared_by_lines() -> None:
    line = "a b c d e f g h\n"
    ones, _ = differences(line * 1000, line * 999 + "z\n")
    assert len(ones) == 2
