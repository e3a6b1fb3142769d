from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from server.encoding.repair import rules
from server.encoding.repair.rules import Damaged, Expected, Fault
from storage.objects import keys
from tests.world.media import HEADER, VIDEO_BYTES, audio_result, chunk_result, plan_of
from transcoder.media import Digest
from transcoder.planning.plan import require

VIDEO = "v" * 32
PLAN = plan_of(60, height=720)
CHUNKS = [chunk_result(PLAN, chunk) for chunk in require(PLAN.video).chunks]
AUDIO = audio_result(PLAN)
EXPECTED = rules.expected(VIDEO, PLAN, CHUNKS, AUDIO, {})
IMAGES = [one for one in EXPECTED if one.part is None]
faults = st.sampled_from(Fault)
damages = st.lists(
    st.builds(Damaged, st.sampled_from(EXPECTED), faults, st.just(5)),
    unique_by=lambda one: one.expected.path,
    max_size=12,
).map(lambda found: sorted(found, key=lambda one: EXPECTED.index(one.expected)))


def named(path: str) -> Expected:
    return next(one for one in EXPECTED if one.path == path)


def lines_of(*found: tuple[str, Fault]) -> Sequence[str]:
    return rules.described(Damaged(named(path), fault, 7) for path, fault in found)


def test_every_object_is_expected_once() -> None:
    paths = [one.path for one in EXPECTED]
    assert len(paths) == len(set(paths))
    segments = [path for path in paths if path.endswith(".m4s")]
    assert len(segments) == (len(require(PLAN.video).rungs) + 1) * 10
    assert {one.path for one in IMAGES} == {
        keys.POSTER,
        keys.THUMBNAIL,
        keys.STORYBOARD,
        "storyboard/000.jpg",
    }


def test_places_are_times_of_the_lecture() -> None:
    place = named("720p/00003.1.m4s").place
    assert (place.name, place.start, place.end) == ("720p", 18.0, 24.0)
    assert named(f"720p/{keys.init_name(1)}").sha256 == HEADER


def test_digest_is_better_than_the_size_of_the_row() -> None:
    digests = {"720p/00003.1.m4s": Digest(VIDEO_BYTES, "hash"), keys.POSTER: Digest(10, "hash")}
    found = {one.path: one for one in rules.expected(VIDEO, PLAN, CHUNKS, AUDIO, digests)}
    assert found["720p/00003.1.m4s"].sha256 == "hash"
    assert found["720p/00004.1.m4s"].sha256 is None
    assert found[keys.POSTER].bytes == 10
    assert found[keys.THUMBNAIL].optional


def test_neighbours_are_one_line() -> None:
    lines = lines_of(
        ("720p/00001.1.m4s", Fault.MISSING),
        ("720p/00002.1.m4s", Fault.MISSING),
        ("720p/00007.1.m4s", Fault.MISSING),
    )
    assert lines == [
        "720p, from 0:06 to 0:18: missing (2 segments from 720p/00001.1.m4s on)",
        "720p, from 0:42 to 0:48: missing (720p/00007.1.m4s)",
    ]


def test_cut_object_tells_its_bytes() -> None:
    assert lines_of(("audio/00000.1.m4s", Fault.CUT)) == [
        "audio, from 0:00 to 0:06: cut (7 bytes instead of 96000) (audio/00000.1.m4s)"
    ]


@given(st.sampled_from(EXPECTED), st.none() | st.integers(0, 10**7))
def test_size_fault(one: Expected, size: int | None) -> None:
    fault = rules.size_fault(one, size)
    if size is None:
        assert fault is (None if one.optional else Fault.MISSING)
    elif size == 0:
        assert fault is Fault.EMPTY
    else:
        assert (fault is None) == (one.bytes in (None, size))


@given(damages)
def test_all_that_is_damaged_is_made_again_and_nothing_else(found: list[Damaged]) -> None:
    wanted = rules.wanted(found)
    assert set(wanted.parts) == {one.expected.part for one in found if one.expected.part}
    assert set(wanted.images) == {one.expected.path for one in found if one.expected.part is None}
    assert rules.is_nothing(wanted) == (not found)
    possible = rules.without_original(wanted)
    assert not possible.parts
    assert set(possible.images) <= set(wanted.images) & set(rules.WITHOUT_ORIGINAL)
    if keys.POSTER in wanted.images:
        assert keys.THUMBNAIL not in possible.images


@given(damages)
def test_every_damaged_object_is_told(found: list[Damaged]) -> None:
    lines = rules.described(found)
    assert bool(lines) == bool(found)
    for one in found:
        assert any(line.startswith(one.expected.place.name) for line in lines)
    assert bool(rules.times(found)) == any(one.expected.place.start is not None for one in found)
