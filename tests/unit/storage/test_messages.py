"""Messages: key and values, formatted at the edge."""

import msgspec
import pytest

from storage.messages import Figure, Message, byte_size, duration, message, size_text


def test_size_texts_are_decimal() -> None:
    assert [size_text(n) for n in (0, 999, 1000, 1_440_000, 999_600_000, 53_687_091_200)] == [
        "0 bytes",
        "999 bytes",
        "1.0 kB",
        "1.4 MB",
        "1.0 GB",
        "53.7 GB",
    ]


def test_values_and_nested_messages() -> None:
    reason = message("Disk full at %(size)s.", size=byte_size(1_440_000))
    told = message("%(reason)s Tried %(count)s times.", reason=reason, count=3)
    assert str(told) == "Disk full at 1.4 MB. Tried 3 times."
    assert msgspec.json.decode(msgspec.json.encode(told), type=Message) == told


def test_percent_signs_without_values_mean_themselves() -> None:
    assert str(Message("100% of %(it)s")) == "100% of %(it)s"


@pytest.mark.parametrize(
    ("figure", "text"),
    [(byte_size(60 * 10**9), "60.0 GB"), (duration(50_000), "13:53:20"), (duration(65), "1:05")],
)
def test_figures_in_english(figure: Figure, text: str) -> None:
    assert str(figure) == text
