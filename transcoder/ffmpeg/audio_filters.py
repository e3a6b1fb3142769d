"""Audio filter chains, from decoded samples to the audio of a lecture. Pure: nodes of ffmpeg-python."""

from collections.abc import Sequence
from typing import Any

import ffmpeg

from transcoder.media import Heard, Sides
from transcoder.planning.plan import AAC_FRAME, AudioPlan

CEILING = 0.84  # -1.5 dB, so that AAC does not clip
# The clock of a microphone differs from the computer's, and packets are lost: stretched away, up to 2 %, or,
# where they would be noticed, of more than 30 ms, filled with silence or left out.
SYNC = {"async": 1000, "min_comp": 0.005, "min_hard_comp": 0.03}
TAKEN = {Sides.LEFT: "0-FL|0-FR", Sides.RIGHT: "1-FL|1-FR"}
HEARD_LEVELS = {"metadata": 1, "reset": 1, "measure_perchannel": "RMS_level", "measure_overall": "none"}


def one_format(rate: int, *, mono: bool) -> str:
    """Filters of a decoder's output that may change its rate, channels or sample format in mid-stream."""
    return f"aresample={rate}:ochl={'mono' if mono else 'stereo'}:osf=flt"


def levelled(stream: Any, start: float, plan: AudioPlan, heard: Heard, *, mono: bool) -> Any:
    """Stereo of -16 LUFS (EBU R 128), from time 0 on without gaps, of the planned length."""
    stream = stream.filter("asetpts", f"PTS-({start:.6f})/TB")
    # Silence in gaps of the source and before a late start keeps audio and video in sync.
    stream = stream.filter("aresample", plan.sample_rate, first_pts=0, **SYNC)
    if heard.sides in TAKEN and not mono:
        stream = stream.filter("channelmap", map=TAKEN[heard.sides], channel_layout="stereo")
    stream = stream.filter("volume", f"{heard.gain}dB")
    stream = stream.filter("alimiter", limit=CEILING, level="false", latency="true")
    if mono:
        stream = stream.filter("channelmap", map="0-FL|0-FR", channel_layout="stereo")
    return (
        stream.filter("asetpts", "N")  # the plan counts samples
        .filter("apad")
        # The encoder prepends 1024 samples of silence (priming). Dropping as many samples of the lecture
        # keeps every later sample in its place without an edit list, which not all players honour for
        # audio; the first 21 ms are lost.
        .filter("atrim", start_sample=AAC_FRAME, end_sample=plan.frames * AAC_FRAME)
    )


def described(streams: Sequence[Any], rate: int) -> Any:
    """Loudness and levels of each 100 ms of streams one after the other, printed for `hearing.read`; one
    channel counts as two."""
    alike = [
        one.filter("aresample", rate).filter("aformat", channel_layouts="mono|stereo") for one in streams
    ]
    stream = ffmpeg.concat(*alike, v=0, a=1) if len(alike) > 1 else alike[0]
    stream = stream.filter("ebur128", metadata=1, dualmono="true").filter("astats", **HEARD_LEVELS)
    return stream.filter("ametadata", mode="print", file="-")
