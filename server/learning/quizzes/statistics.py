"""Difficulty and discrimination of questions, from the attempts of a whole course. Pure.

Difficulty is the share of fully right answers. Discrimination is the point-biserial correlation of "fully
right" with the rest of the attempt's score, without the question itself (Ebel and Frisbie, Essentials of
Educational Measurement, 1991, chapter 13).
"""

import math
from collections.abc import Mapping, Sequence

import msgspec

FEWEST = 5  # attempts, below which a figure says nothing and might point at a person


class ItemFigures(msgspec.Struct, frozen=True, kw_only=True):
    asked: int  # attempts with this question
    right: int | None = None  # fully right; None with fewer than 5 attempts, like the others
    difficulty: float | None = None  # 0 (nobody) to 1 (everybody)
    discrimination: float | None = None  # -1 to 1; None, too, where all answers or all scores are alike


def figures(attempts: Sequence[Mapping[str, float]]) -> dict[str, ItemFigures]:
    """Figures by question. An attempt maps its questions to the share of the points that they earned."""
    asked = sorted({question for attempt in attempts for question in attempt})
    return {question: _of_item(question, attempts) for question in asked}


def _of_item(question: str, attempts: Sequence[Mapping[str, float]]) -> ItemFigures:
    inside = [attempt for attempt in attempts if question in attempt]
    if len(inside) < FEWEST:
        return ItemFigures(asked=len(inside))
    right = [float(attempt[question] >= 1) for attempt in inside]
    rest = [_rest(attempt, question) for attempt in inside]
    return ItemFigures(
        asked=len(inside),
        right=int(sum(right)),
        difficulty=sum(right) / len(right),
        discrimination=_correlation(right, rest),
    )


def _rest(attempt: Mapping[str, float], question: str) -> float:
    """Mean share of the other questions, since attempts may have drawn different numbers of them."""
    others = [share for other, share in sorted(attempt.items()) if other != question]
    return math.fsum(others) / len(others) if others else 0.0


def _correlation(first: Sequence[float], second: Sequence[float]) -> float | None:
    mean_first, mean_second = math.fsum(first) / len(first), math.fsum(second) / len(second)
    across = math.fsum((a - mean_first) * (b - mean_second) for a, b in zip(first, second, strict=True))
    spread = math.sqrt(
        math.fsum((a - mean_first) ** 2 for a in first) * math.fsum((b - mean_second) ** 2 for b in second)
    )
    return max(-1.0, min(1.0, across / spread)) if spread > 1e-9 else None
