"""`skillstudio doctor --video ID [--repair]`: one lecture's rows, objects and playlists, and their repair."""

import click

from server.core.clock import SystemClock
from server.encoding.ingest import has_worker
from server.encoding.repair import rules, service
from server.encoding.repair.inspection import Inspection, Lecture, find, inspect
from server.encoding.repair.service import Begun
from server.playback.conformance import hls_conformance
from server.playback.conformance.texts import texts
from server.playback.published import Published
from server.services import Services, services
from server.settings import Settings
from storage.objects import keys
from transcoder.packaging import verify
from transcoder.packaging.inventory import Parts, needed_by
from transcoder.packaging.verify import Finding

UPLOAD_AGAIN = "the original is gone: upload it again"


async def verify_video(settings: Settings, given: str, *, repair: bool = False) -> int:
    """Print what is wrong, and with `repair` mend it; the exit code, 0 when nothing is wrong any more.

    The id may also be the lesson's.
    """
    async with services(settings) as opened:
        lecture, found = await _examine(opened, given)
        code = _report(lecture, found)
        if not repair or found is None:
            if found is not None and found.damaged:
                click.echo(f"→ skillstudio doctor --video {given} --repair makes again what is damaged.")
            return code
        if not found.damaged:
            await service.settle(opened.database, lecture)
            click.echo("There is nothing to mend.")
            return code
        return await _mend(opened, lecture, found)


async def _examine(opened: Services, given: str) -> tuple[Lecture, Inspection | None]:
    """None: nothing can be played that could be examined."""
    async with opened.database.read() as session:
        lecture = await find(session, given)
    known = lecture.known
    if known is None or not known.playable:
        return lecture, None
    return lecture, await inspect(opened.store, lecture, known)


def _report(lecture: Lecture, found: Inspection | None) -> int:
    name = f"“{lecture.title}” in “{lecture.course}” ({lecture.video.filename or lecture.video.id})"
    known, lines = lecture.known, []
    if known is None or not known.playable:
        lines.append(f"nothing is playable: the state is {lecture.video.state}. {lecture.video.error or ''}")
    elif found is not None:
        lines += rules.described(found.damaged)
    if known is not None and known.playable:
        lines += [str(finding) for finding in _findings(lecture, known)]
    if found is not None and found.original is not None:
        lines.append(f"original: {found.original}. Upload the file again while you have it")
    click.echo(f"{name}: {_described(known) if known else lecture.video.state}")
    for line in lines:
        click.echo(f"✗ {line.strip().removesuffix('.')}.")
    if found is not None:
        click.echo(_checked(lecture, found))
    if not lines:
        click.echo("No problems found.")
    return 1 if lines else 0


def _findings(lecture: Lecture, known: Published) -> list[Finding]:
    """Deviations of the rows from the plan, and of the playlists from Apple's rules."""
    found = verify.whole(known.plan, known.chunks, known.audio) if known.ended else []
    needed = needed_by(lecture.video.id, Parts(known.chunks, known.audio))
    sizes = {keys.path_in_video(key): size or 1 for key, (_, size) in needed.items()}
    return found + hls_conformance.violations(texts(known), sizes)


def _checked(lecture: Lecture, found: Inspection) -> str:
    unhashed = found.objects - found.hashed
    told = f"{found.objects} objects read"
    if unhashed:
        told += f", {unhashed} of them not checked by hash: they were stored by an earlier version"
    if lecture.original_removed is not None:
        told += f"; the original was removed by the age limit on {lecture.original_removed.date()}"
    return f"{told}."


def _described(known: Published) -> str:
    rungs = ", ".join(rung.name for rung in known.plan.video.rungs) if known.plan.video else "audio only"
    extent = "complete" if known.ended else f"growing, {known.playable_seconds:.0f} s so far"
    return f"{known.plan.duration:.1f} s in {rungs}; {extent}"


async def _mend(opened: Services, lecture: Lecture, found: Inspection) -> int:
    clock = SystemClock()
    match await service.begin(opened, lecture, found, clock.now()):
        case Begun.ORIGINAL_GONE:
            click.echo(f"✗ Not mended: {UPLOAD_AGAIN}. The lecture keeps playing what is there.")
            return 1
        case Begun.NOT_POSSIBLE:
            click.echo("✗ Not mended: the lesson shows another video now, or this one is not ready.")
            return 1
        case Begun.UNDER_WAY:
            click.echo("It is being mended already.")
        case Begun.QUEUED:
            click.echo(f"Queued: {_wanted(found)}. The lecture stays ready meanwhile.")
    if not await has_worker(opened.database, clock):
        click.echo("No worker is running: it is mended as soon as one is. Start `skillstudio up`.")
        return 1
    failed = await service.follow(
        opened.database, lecture.video.id, clock, lambda part: click.echo(f"{part} is made again.")
    )
    lecture, after = await _examine(opened, lecture.video.id)
    if after is not None and not after.damaged:
        click.echo(f"Mended: {len(found.damaged)} objects are whole again.")
        return 0
    click.echo(f"✗ Not mended: {failed or 'objects were damaged meanwhile; run it again'}")
    return _report(lecture, after) or 1


def _wanted(found: Inspection) -> str:
    wanted = rules.wanted(found.damaged)
    chunks = [str(number + 1) for kind, number in wanted.parts if kind == "chunk"]
    told = [f"part {', '.join(chunks)} of the video"] if chunks else []
    told += ["the audio"] if any(kind == "audio" for kind, _ in wanted.parts) else []
    return " and ".join(told + list(wanted.images))
