"""Execution of one claimed job, and handling of its errors."""

import asyncio
import errno
import os
from collections.abc import Awaitable, Callable, Coroutine
from datetime import timedelta
from functools import partial
from typing import Any

import structlog

from storage.messages import N_, Message, message
from storage.objects.files import FULL
from storage.objects.store import ObjectMissing, StoreError, StoreFull, StoreUnavailable
from transcoder.ffmpeg.process import ProcessFailed
from transcoder.jobs import api as jobs
from transcoder.jobs import leases
from transcoder.jobs.leases import Claim, LeaseLost
from transcoder.jobs.timing import MAX_ATTEMPTS
from transcoder.media import Unusable
from transcoder.packaging.isobmff import Malformed
from transcoder.packaging.segmenter import NotAsPlanned
from transcoder.source import rejections
from transcoder.worker.context import DATABASE_ERRORS, JobLease, WorkerContext, with_retries
from transcoder.worker.scratch import NoRoom, ScratchBusy, ScratchFull
from transcoder.worker.steps import audio, chunk, finish, prepare

log = structlog.get_logger(__name__)

STEPS: dict[str, Callable[[WorkerContext, Claim, JobLease], Awaitable[None]]] = {
    "prepare": prepare.run,
    "audio": audio.run,
    "chunk": chunk.run,
    "finish": finish.run,
}
Outcome = Callable[[], Awaitable[None]]
PAUSE = timedelta(seconds=15)  # before the next try when the store is away or there is no room
PROBE_SECONDS = 20.0  # for one question to the store
NO_ROOM = N_(
    "There is no room left for media. The encoding goes on by itself as soon as there is: "
    "ask the administrator to free space."
)
AWAY = N_("The media store cannot be reached. The encoding goes on by itself when it is back.")


class DeadlineExceeded(Exception):
    """Job deadline exceeded, as opposed to a connection's timeout."""


async def run_job(lease: JobLease) -> None:
    """Run a job and write its outcome. Raises only CancelledError, when the worker stops."""
    context, claim = lease.context, lease.claim
    log.info("job started", attempt=claim.attempts)
    try:
        await _run_step(lease)
        log.info("job done")
    except asyncio.CancelledError:
        await _to_its_end(_settle(lease, partial(_requeue, context, claim, counted=False)))
        log.info("job requeued", reason="worker stops")
        raise
    except BaseExceptionGroup as group:
        await _to_its_end(_handle_error(lease, _first(group)))
    except Exception as error:
        await _to_its_end(_handle_error(lease, error))


async def _to_its_end(settling: Coroutine[Any, Any, None]) -> None:
    """Settle a job also when the worker is told to stop meanwhile: objects would be left that nobody deletes.
    Raises CancelledError afterwards, or at once when cancelled again."""
    task = asyncio.ensure_future(settling)
    try:
        await asyncio.shield(task)
    except asyncio.CancelledError:
        await task
        raise


async def _run_step(lease: JobLease) -> None:
    claim = lease.claim
    step = asyncio.ensure_future(STEPS[claim.kind](lease.context, claim, lease))
    watch = asyncio.create_task(lease.watch(step))
    try:
        async with asyncio.timeout(claim.deadline.total_seconds()) as clock:
            await step
    except TimeoutError:
        if clock.expired():
            raise DeadlineExceeded from None
        raise
    except asyncio.CancelledError:
        if lease.lost:
            raise LeaseLost(claim.id) from None
        raise
    finally:
        watch.cancel()
        step.cancel()
        await asyncio.wait((watch, step))


async def _handle_error(lease: JobLease, error: BaseException) -> None:
    """Map an error to the job's outcome and write it."""
    outcome: Outcome | None
    context, claim, now = lease.context, lease.claim, lease.context.now()
    match error:
        case LeaseLost():
            log.info("lease lost", reason="cancelled or taken over by another worker")
            outcome = None
        case Unusable():
            log.info("original rejected", reason=str(error))
            outcome = partial(leases.refuse, context.database, claim, error.message, now)
        case ObjectMissing():
            outcome = partial(
                leases.fail,
                context.database,
                claim,
                message(N_("The original file no longer exists. Upload the file again.")),
                now,
            )
        case ScratchFull():
            log.error("scratch folder too small", error=str(error))
            outcome = partial(leases.fail, context.database, claim, _too_small(error), now)
        case NotAsPlanned() | Malformed() | ProcessFailed() if _is_of_the_file(error):
            log.warning("original cannot be encoded", exc_info=error)
            outcome = partial(leases.fail, context.database, claim, rejections.CANNOT_ENCODE, now)
        case _:
            awaited = await _awaited(context, claim, error)
            if awaited is None:
                outcome = _retry_or_fail(context, claim, error)
            else:
                log.warning("job deferred", error=str(error))
                outcome = partial(_requeue, context, claim, counted=False, delay=PAUSE, error=awaited)
    await _settle(lease, outcome)


async def _awaited(context: WorkerContext, claim: Claim, error: BaseException) -> Message | None:
    """What a job waits for without an attempt being charged: the store, or room. None for another error.

    FFmpeg reads and writes plain files where it can, and then tells of a store that is away or full only by
    failing.
    """
    match error:
        case ScratchBusy():
            return message(N_("The workers' scratch folder is in use. The encoding goes on by itself."))
        case NoRoom():
            return error.message
        case StoreFull():
            return message(NO_ROOM)
        case StoreUnavailable():
            return message(AWAY)
        case OSError() if error.errno in FULL:
            return message(NO_ROOM)
        case ProcessFailed() if os.strerror(errno.ENOSPC) in error.stderr:
            return message(NO_ROOM)
    try:
        async with asyncio.timeout(PROBE_SECONDS):
            await context.store.stat(claim.source_key)
    except (StoreUnavailable, TimeoutError):
        return message(AWAY)
    except StoreError:  # it answers
        return None
    return None


def _is_of_the_file(error: BaseException) -> bool:
    """Whether every attempt would fail alike: no machine, disk or network is at fault."""
    if isinstance(error, ProcessFailed):
        return error.kind == "exit" and rejections.undecoded(error.stderr)
    return True


def _retry_or_fail(context: WorkerContext, claim: Claim, error: BaseException) -> Outcome:
    reason = _reason(error)
    if isinstance(error, ProcessFailed):
        log.warning("process failed", error=str(error), stderr=error.stderr[-2000:])
    else:
        log.error("job failed", exc_info=error)
    if claim.attempts >= MAX_ATTEMPTS:
        final = message(
            N_("%(reason)s It was tried %(count)s times. Finished parts are kept: press Retry."),
            reason=reason,
            count=MAX_ATTEMPTS,
        )
        return partial(leases.fail, context.database, claim, final, context.now())
    return partial(
        _requeue,
        context,
        claim,
        counted=True,
        delay=context.timing.retry_delay(claim.attempts),
        error=reason,
    )


def _too_small(error: BaseException) -> Message:
    return message(N_("%(reason)s Then press Retry."), reason=str(error))


def _reason(error: BaseException) -> Message:
    match error:
        case ProcessFailed(kind="timeout") | DeadlineExceeded():
            return message(N_("Encoding took far too long and was stopped."))
        case TimeoutError():
            return message(N_("The database did not answer in time."))
        case ProcessFailed(kind="stalled"):
            return message(N_("Encoding made no progress for minutes and was stopped."))
        case ProcessFailed(kind="too_much_output"):
            return message(N_("Encoding wrote more output than this lecture should need and was stopped."))
        case ProcessFailed(kind="killed"):
            return message(N_("Encoding was stopped by the system, which may be short of memory."))
        case ProcessFailed():
            return message(N_("The encoder ended with an error, which is in the server's log."))
        case _:
            return message(N_("The server failed while it encoded; the error is in its log."))


async def _requeue(
    context: WorkerContext,
    claim: Claim,
    *,
    counted: bool,
    delay: timedelta = timedelta(),
    error: Message | None = None,
) -> None:
    await leases.requeue(context.database, claim, context.now(), delay=delay, counted=counted, error=error)
    await jobs.wake(context.queue, [claim], delay.total_seconds())


async def _settle(lease: JobLease, outcome: Outcome | None) -> None:
    """Write the outcome, then delete the attempt's unreferenced objects."""
    try:
        if outcome is not None:
            await with_retries(outcome)
    except LeaseLost:
        log.info("lease lost", reason="outcome came too late")
    except DATABASE_ERRORS as error:
        log.error("outcome not written, left to lease expiry", error=str(error))
        return
    await lease.drop_stored()


def _first(group: BaseExceptionGroup[BaseException]) -> BaseException:
    error: BaseException = group
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error
