from storage.objects import keys
from tests.world.media import plan_of
from transcoder.media import AudioResult, ChunkResult, RenditionPart, Segment
from transcoder.packaging.inventory import Parts, lost, needed_by, unreferenced

VIDEO = "v1"


def part(rendition: str, attempt: int, *numbers: int) -> RenditionPart:
    segments = tuple(Segment(number=n, duration=6, bytes=100 + n) for n in numbers)
    return RenditionPart(rendition, attempt, 1, "hash", "avc1", 6 * len(numbers), segments)


PARTS = Parts(
    chunks=(
        ChunkResult(parts=(part("720p", 1, 0), part("480p", 1, 0)), tiles=(0,), attempt=1),
        ChunkResult(parts=(part("720p", 3, 1), part("480p", 3, 1)), tiles=(1,), attempt=3),
    ),
    audio=AudioResult(part=part("audio", 2, 0, 1), complete=True),
)
THERE = {key: size or 7 for key, (_, size) in needed_by(VIDEO, PARTS).items()}


def test_one_init_segment_per_rendition() -> None:
    headers = {key for key in THERE if "/init." in key}
    assert headers == {
        keys.init(VIDEO, "720p", 1),
        keys.init(VIDEO, "480p", 1),
        keys.init(VIDEO, "audio", 2),
    }


def test_complete_store_has_no_lost_parts() -> None:
    assert lost(VIDEO, PARTS, THERE) == set()


def test_missing_or_short_object_is_lost() -> None:
    there = {key: size for key, size in THERE.items() if key != keys.segment(VIDEO, "480p", 1, 3)}
    there[keys.segment(VIDEO, "audio", 0, 2)] = 50
    assert lost(VIDEO, PARTS, there) == {("chunk", 1), ("audio", 0)}
    assert lost(VIDEO, PARTS, {**THERE, keys.init(VIDEO, "720p", 1): 1}) == set()


def test_superseded_attempts_and_intermediates_are_unreferenced() -> None:
    stray = [keys.segment(VIDEO, "720p", 0, 2), keys.init(VIDEO, "480p", 3), keys.normalised(VIDEO)]
    there = {**THERE, **dict.fromkeys(stray, 9), keys.poster(VIDEO): 9, keys.thumbnail(VIDEO): 9}
    assert set(unreferenced(VIDEO, plan_of(12), PARTS, there)) == {*stray, keys.tiles(VIDEO)}
