"""Ids of rows."""

from storage.database.base import new_id


def test_ids_are_uuidv7_ordered_by_creation() -> None:
    made = [new_id() for _ in range(200)]
    assert len(set(made)) == 200
    assert {(len(made_id), made_id[12]) for made_id in made} == {(32, "7")}
    assert {made_id[16] for made_id in made} <= set("89ab")
    assert made == sorted(made)
