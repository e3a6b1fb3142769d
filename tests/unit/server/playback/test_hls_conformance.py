"""HLS conformance: a conforming lecture has no findings; a violation of each clause is found."""

from collections.abc import Callable

import m3u8
import pytest

from server.playback.conformance import hls_conformance
from server.playback.conformance.texts import texts as published_texts
from server.playback.published import Published
from storage.objects import keys
from tests.world import media
from transcoder.planning.plan import require

PLAN = media.plan_of(40.0)
Texts = dict[str, str]
Sizes = dict[str, int]


@pytest.fixture
def lecture() -> tuple[Texts, Sizes]:
    video = require(PLAN.video)
    known = Published(
        plan=PLAN,
        chunks=tuple(media.chunk_result(PLAN, chunk) for chunk in video.chunks),
        audio=media.audio_result(PLAN),
        ended=True,
    )
    texts = published_texts(known)
    segments = [keys.segment_name(n, 1) for n in range(7)]
    names = {f"{rung.name}/{name}": media.VIDEO_BYTES for rung in video.rungs for name in segments}
    names |= {f"audio/{name}": media.AUDIO_BYTES for name in segments}
    names |= {f"{name}/{keys.init_name(1)}": 900 for name in ("1080p", "720p", "480p", "audio")}
    return texts, names


def test_conforming_lecture_has_no_findings(lecture: tuple[Texts, Sizes]) -> None:
    assert hls_conformance.violations(*lecture) == []


def test_entries_match_m3u8_library(lecture: tuple[Texts, Sizes]) -> None:
    texts, _ = lecture
    other = m3u8.loads(texts["master.m3u8"])
    uris = {
        *(item.uri for item in (*other.playlists, *other.media)),
        *(item.uri for item in other.iframe_playlists),
    }
    assert {entry.uri for entry in hls_conformance.master_entries(texts["master.m3u8"])} == uris
    segments = [(item.duration, item.uri) for item in m3u8.loads(texts["720p/index.m3u8"]).segments]
    assert hls_conformance.media_segments(texts["720p/index.m3u8"]) == segments


def replaced(path: str, old: str, new: str) -> Callable[[Texts, Sizes], None]:
    def change(texts: Texts, _sizes: Sizes) -> None:
        assert old in texts[path]
        texts[path] = texts[path].replace(old, new)

    return change


def removed(path: str) -> Callable[[Texts, Sizes], None]:
    def change(texts: Texts, sizes: Sizes) -> None:
        (texts if path in texts else sizes).pop(path)

    return change


INDEX = "720p/index.m3u8"
VIOLATIONS = {
    "is missing": removed("master.m3u8"),
    "does not begin with #EXTM3U": replaced("master.m3u8", "#EXTM3U\n", ""),
    "independent (8.10)": replaced(INDEX, "#EXT-X-INDEPENDENT-SEGMENTS\n", ""),
    "not relative": replaced(INDEX, "00001.1.m4s", "https://elsewhere.example/00001.1.m4s"),
    "does not exist": removed("480p/iframes.m3u8"),
    "has no CODECS (9)": replaced("master.m3u8", 'CODECS="avc1.640028,mp4a.40.2",', ""),
    "has no FRAME-RATE (9)": replaced("master.m3u8", ",FRAME-RATE=25.000", ""),
    "has no LANGUAGE (9)": replaced("master.m3u8", 'LANGUAGE="en",', ""),
    "audio group": replaced("master.m3u8", 'GROUP-ID="audio"', 'GROUP-ID="other"'),
    "I-frame playlists for": replaced("master.m3u8", "#EXT-X-I-FRAME-STREAM-INF", "#EXT-X-OTHER"),
    "has no EXT-X-MAP": removed("720p/init.1.mp4"),
    "no target duration": replaced(INDEX, "#EXT-X-TARGETDURATION:6\n", ""),
    "longer than announced (7.7)": replaced(INDEX, "#EXT-X-TARGETDURATION:6", "#EXT-X-TARGETDURATION:5"),
    "instead of six (7.6)": replaced(INDEX, "#EXTINF:6.000000,\n00002", "#EXTINF:3.000000,\n00002"),
    "missing or empty": removed("720p/00003.1.m4s"),
    "neither finished nor growing": replaced(INDEX, "#EXT-X-ENDLIST\n", ""),
    "I-frames only (6.1)": replaced("720p/iframes.m3u8", "#EXT-X-I-FRAMES-ONLY\n", ""),
    "beyond the end": replaced("720p/iframes.m3u8", ":9000@180000", ":900000@180000"),
    "declares BANDWIDTH": replaced("master.m3u8", ":BANDWIDTH=", ":BANDWIDTH=1,X="),
    "declares AVERAGE": replaced("master.m3u8", "AVERAGE-BANDWIDTH=", "AVERAGE-BANDWIDTH=1,X="),
    "not aligned with": replaced(INDEX, "#EXTINF:6.000000,\n00002", "#EXTINF:5.960000,\n00002"),
}


@pytest.mark.parametrize("finding", VIOLATIONS)
def test_violation_of_each_clause_is_found(finding: str, lecture: tuple[Texts, Sizes]) -> None:
    texts, sizes = lecture
    VIOLATIONS[finding](texts, sizes)
    assert finding in "; ".join(map(str, hls_conformance.violations(texts, sizes)))
