"""Ids of rows, and moments."""

from storage.database.base import new_id


def test_ids_are_uuid_version_7_in_the_order_of_their_making() -> None:
    made = [new_id() for _ in range(200)]
    assert len(set(made)) == 200
    assert {(len(one), one[12]) for one in made} == {(32, "7")}
    assert {one[16] for one in made} <= set("89ab")
    assert [one[:12] for one in made] == sorted(one[:12] for one in made)
