"""All playlists of a lecture as players get them."""

from server.playback.conformance import hls_conformance
from server.playback.playlists import rendered
from server.playback.published import Published
from transcoder.packaging.playlist import AUDIO


def texts(known: Published) -> dict[str, str]:
    """By path below the video's folder."""
    rungs = [rung.name for rung in known.plan.video.rungs] if known.plan.video else []
    paths = [
        hls_conformance.MASTER,
        *(f"{rung}/{name}.m3u8" for rung in rungs for name in ("index", "iframes")),
    ]
    if known.plan.audio:
        paths.append(f"{AUDIO}/index.m3u8")
    return {path: text for path in paths if (text := rendered(known, path)) is not None}
