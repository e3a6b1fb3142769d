"""Ids of the demo's rows: the same in every run, so that a run that was killed is simply made again. Pure."""

import hashlib
from random import Random

SEED = 22


def ident(*parts: object) -> str:
    """Id in the form of `storage.database.base.new_id`, from what the row is about."""
    return hashlib.sha256("/".join(("skillstudio demo", *map(str, parts))).encode()).hexdigest()[:32]


def random_for(*parts: object) -> Random:
    """Random numbers of one part of the demo, whatever the others draw."""
    return Random("/".join(map(str, (SEED, *parts))))  # noqa: S311 - no secret depends on it
