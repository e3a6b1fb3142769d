"""One job from claim to outcome, whatever happens in between."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from functools import partial

import structlog

from storage.objects.store import ObjectMissing, StoreFull, StoreUnavailable
from transcoder.ffmpeg.process import ProcessFailed
from transcoder.jobs import api as jobs
from transcoder.jobs import leases
from transcoder.jobs.leases import Claim, LeaseLost
from transcoder.jobs.timing import MAX_ATTEMPTS
from transcoder.media import Unusable
from transcoder.worker.context import DATABASE_AWAY, JobLease, WorkerContext, patiently
from transcoder.worker.scratch import ScratchBusy, ScratchFull
from transcoder.worker.steps import audio, chunk, finish, prepare

log = structlog.get_logger(__name__)

STEPS: dict[str, Callable[[WorkerContext, Claim, JobLease], Awaitable[None]]] = {
    "prepare": prepare.run,
    "audio": audio.run,
    "chunk": chunk.run,
    "finish": finish.run,
}
Outcome = Callable[[], Awaitable[None]]
PAUSE = timedelta(seconds=15)  # until the store is back, or another job has let go of its original


class TookTooLong(Exception):
    """Our own deadline, not one of a connection's."""


async def do(lease: JobLease) -> None:
    """Raises nothing but the news that this worker stops or that its database is away."""
    context, claim = lease.context, lease.claim
    log.info("job begins", attempt=claim.attempts)
    try:
        await _under_watch(lease)
        log.info("job is done")
    except asyncio.CancelledError:
        await asyncio.shield(_settle(lease, partial(_put_back, context, claim, counted=False)))
        log.info("job is put back: this worker stops")
        raise
    except BaseExceptionGroup as group:
        await _after(lease, _first(group))
    except Exception as error:
        await _after(lease, error)


async def _under_watch(lease: JobLease) -> None:
    claim = lease.claim
    step = asyncio.ensure_future(STEPS[claim.kind](lease.context, claim, lease))
    watch = asyncio.create_task(lease.watch(step))
    try:
        async with asyncio.timeout(claim.deadline.total_seconds()) as clock:
            await step
    except TimeoutError:
        if clock.expired():
            raise TookTooLong from None
        raise
    except asyncio.CancelledError:
        if lease.lost:
            raise LeaseLost(claim.id) from None
        raise
    finally:
        watch.cancel()
        step.cancel()
        await asyncio.wait((watch, step))


async def _after(lease: JobLease, error: BaseException) -> None:
    """What to do about what went wrong."""
    outcome: Outcome | None
    context, claim, now = lease.context, lease.claim, lease.context.now()
    match error:
        case LeaseLost():
            log.info("job is no longer ours: cancelled, or another worker has it")
            outcome = None
        case Unusable():
            log.info("the original is refused", reason=str(error))
            outcome = partial(leases.refuse, context.database, claim, str(error), now)
        case ObjectMissing():
            outcome = partial(
                leases.fail,
                context.database,
                claim,
                "The original is no longer there. Upload the file again.",
                now,
            )
        case StoreUnavailable() | ScratchBusy():
            log.warning("the job waits", error=str(error))
            outcome = partial(_put_back, context, claim, counted=False, delay=PAUSE, error=str(error))
        case StoreFull() | ScratchFull():
            log.error("no room", error=str(error))
            outcome = partial(leases.fail, context.database, claim, f"{error} Then press Retry.", now)
        case _:
            outcome = _try_again(context, claim, error)
    await _settle(lease, outcome)


def _try_again(context: WorkerContext, claim: Claim, error: BaseException) -> Outcome:
    sentence = _sentence(error)
    if isinstance(error, ProcessFailed):
        log.warning("the process failed", error=str(error), stderr=error.stderr[-2000:])
    else:
        log.error("the job failed", exc_info=error)
    if claim.attempts >= MAX_ATTEMPTS:
        given_up = f"{sentence} It was tried {MAX_ATTEMPTS} times. What is finished is kept: press Retry."
        return partial(leases.fail, context.database, claim, given_up, context.now())
    return partial(
        _put_back,
        context,
        claim,
        counted=True,
        delay=context.timing.retry_delay(claim.attempts),
        error=sentence,
    )


def _sentence(error: BaseException) -> str:
    match error:
        case ProcessFailed(kind="timeout") | TookTooLong():
            return "Encoding took far too long and was stopped."
        case TimeoutError():
            return "The database did not answer in time."
        case ProcessFailed(kind="stalled"):
            return "Encoding made no progress for minutes and was stopped."
        case ProcessFailed(kind="too_much_output"):
            return "Encoding wrote more than any such lecture should need and was stopped."
        case ProcessFailed(kind="killed"):
            return "Encoding was stopped by the system, which may be short of memory."
        case ProcessFailed():
            last = error.stderr.strip().rpartition("\n")[2][:200]
            return f"Encoding failed: {last or error.returncode}."
        case _:
            return f"Encoding failed: {error or type(error).__name__}."


async def _put_back(
    context: WorkerContext,
    claim: Claim,
    *,
    counted: bool,
    delay: timedelta = timedelta(),
    error: str | None = None,
) -> None:
    await leases.put_back(context.database, claim, context.now(), delay=delay, counted=counted, error=error)
    await jobs.wake(context.queue, [claim], delay.total_seconds())


async def _settle(lease: JobLease, outcome: Outcome | None) -> None:
    """Write the outcome down, then remove what the attempt stored in vain."""
    try:
        if outcome is not None:
            await patiently(outcome)
    except LeaseLost:
        log.info("the outcome came too late: the job is no longer ours")
    except DATABASE_AWAY as error:
        log.error("the outcome could not be written: the lease decides", error=str(error))
        return
    await lease.drop_stored()


def _first(group: BaseExceptionGroup[BaseException]) -> BaseException:
    error: BaseException = group
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error
