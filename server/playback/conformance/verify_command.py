"""`skillstudio doctor --video ID`: checks of one lecture's rows, objects and playlists."""

from collections.abc import Sequence

import click
from sqlalchemy.ext.asyncio import AsyncSession

from server.core.errors import NotFound
from server.playback.conformance import hls_conformance
from server.playback.playlists import rendered
from server.playback.published import Published, published
from server.services import services
from server.settings import Settings
from storage.database.tables import Lesson, Video
from storage.messages import N_
from storage.objects import keys
from storage.objects.store import ObjectStore
from transcoder.packaging import verify
from transcoder.packaging.playlist import AUDIO
from transcoder.packaging.verify import Finding


async def verify_video(settings: Settings, video_id: str) -> int:
    """Print the findings; the exit code, 0 when there are none. The id may also be the lesson's."""
    async with services(settings) as opened:
        async with opened.database.read() as session:
            video = await _video(session, video_id)
            known = await published(session, video.id)
        findings = await _findings(opened.store, video, known)
    if not findings and known:
        click.echo(f"{video.filename or video.id}: {_described(known)}. No problems found.")
        return 0
    for finding in findings:
        click.echo(f"✗ {finding}.")
    return 1


async def _video(session: AsyncSession, given: str) -> Video:
    lesson = await session.get(Lesson, given)
    video = await session.get(Video, lesson.video_id if lesson and lesson.video_id else given)
    if video is None:
        raise NotFound(N_("There is no video %(id)s, and no lesson of that id with a video."), id=given)
    return video


async def _findings(store: ObjectStore, video: Video, known: Published | None) -> list[Finding]:
    if known is None or not known.playable:
        return [
            Finding(
                "lecture", f"nothing is playable: the state is {video.state}. {video.error or ''}".strip()
            )
        ]
    prefix = keys.video(video.id)
    sizes = {item.key.removeprefix(prefix): item.size async for item in store.list(prefix)}
    found = hls_conformance.violations(texts(known), sizes)
    if known.ended:
        found = verify.whole(known.plan, known.chunks, known.audio) + found
        found += [Finding(name, "is missing") for name in _images(known) if not sizes.get(name)]
    return found


def texts(known: Published) -> dict[str, str]:
    """All playlists of a lecture as players get them, by path."""
    rungs = [rung.name for rung in known.plan.video.rungs] if known.plan.video else []
    paths = [
        hls_conformance.MASTER,
        *(f"{rung}/{name}.m3u8" for rung in rungs for name in ("index", "iframes")),
    ]
    if known.plan.audio:
        paths.append(f"{AUDIO}/index.m3u8")
    return {path: text for path in paths if (text := rendered(known, path)) is not None}


def _images(known: Published) -> Sequence[str]:
    if known.plan.video is None:
        return ()
    prefix = keys.video("x")
    board = [keys.storyboard_index("x"), keys.storyboard_sheet("x", 0)] if known.plan.storyboard else []
    return [key.removeprefix(prefix) for key in (keys.poster("x"), *board)]


def _described(known: Published) -> str:
    rungs = ", ".join(rung.name for rung in known.plan.video.rungs) if known.plan.video else "audio only"
    extent = "complete" if known.ended else f"growing, {known.playable_seconds:.0f} s so far"
    return f"{known.plan.duration:.1f} s in {rungs}; {extent}"
