"""A real S3 server that does not accept the key or the clock: the store counts as away."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from storage.objects import keys
from storage.objects.s3 import S3Store
from storage.objects.store import StoreRefused
from tests.fixtures.objects import S3Server
from tests.fixtures.worker_context import SetClock
from tests.integration.transcoder.jobs.lifecycle import jobs_of, prepared
from transcoder.jobs import claiming
from transcoder.jobs.leases import Claim
from transcoder.jobs.queue import TRANSCODE
from transcoder.worker import pipeline
from transcoder.worker.context import JobLease, WorkerContext, utc_now


def with_wrong_key(server: S3Server) -> S3Store:
    return S3Store(
        endpoint=server.endpoint,
        bucket=server.bucket,
        region="us-east-1",
        access_key=server.access_key,
        secret_key="wrong" * 8,
        retries=0,
    )


async def refused_by_all(store: S3Store) -> None:
    for call in (
        lambda: store.stat("videos/v/poster.jpg"),
        lambda: store.get_bytes("videos/v/poster.jpg"),
        lambda: store.put_bytes("videos/v/poster.jpg", b"x", "image/jpeg"),
        lambda: store.delete("videos/v/poster.jpg"),
        store.check,
    ):
        with pytest.raises(StoreRefused):
            await call()
    with pytest.raises(StoreRefused):
        _ = [item async for item in store.list("videos/")]


async def test_wrong_secret_key_counts_as_away(s3_server: S3Server, s3_store: S3Store) -> None:
    store = with_wrong_key(s3_server)
    await refused_by_all(store)
    await store.close()


async def test_clock_that_is_wrong_counts_as_away(
    s3_server: S3Server, s3_store: S3Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    def skewed() -> datetime:
        return utc_now() + timedelta(hours=2)

    monkeypatch.setattr("minio.time.utcnow", skewed)
    await refused_by_all(s3_server.store(retries=0))


async def test_job_waits_for_the_right_key_and_goes_on(
    context: WorkerContext,
    worker_clock: SetClock,
    s3_server: S3Server,
    s3_store: S3Store,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The secret key is wrong for some time: no attempt is charged, and what is awaited is named."""
    video = await prepared(context.database, seconds=12)
    stored: list[str] = []

    async def step(worker: WorkerContext, claim: Claim, _lease: JobLease) -> None:
        key = keys.segment(claim.video_id, "180p", 1, claim.fence)
        await worker.store.put_bytes(key, b"x", "video/mp4")
        stored.append(key)

    monkeypatch.setitem(pipeline.STEPS, "chunk", step)

    async def attempt(store: S3Store) -> None:
        worker = replace(context, store=store)
        claim = await claiming.claim_next(
            worker.database, TRANSCODE, worker.worker, worker.now(), worker.timing
        )
        assert claim
        await pipeline.run_job(JobLease(worker, claim))

    wrong = with_wrong_key(s3_server)
    for _ in range(5):  # more than there are attempts
        await attempt(wrong)
        row = (await jobs_of(context.database, video.id, "chunk"))[1]
        assert (row.state, row.attempts) == ("waiting", 0)
        assert "does not accept this server's key or clock" in str(row.error)
        worker_clock.now += pipeline.PAUSE
    await wrong.close()
    await attempt(s3_store)
    assert len(stored) == 1
