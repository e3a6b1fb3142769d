import re
from pathlib import PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.messages import Message, message
from transcoder.ffmpeg.process import ProcessFailed
from transcoder.source import failures, rejections
from transcoder.source.failures import REMEDIES, Remedy
from transcoder.worker import pipeline

RAW = re.compile(r"0x[0-9a-f]|/(?:srv|home|var|tmp|work|usr)\b|\w+\.cpp|Traceback|\bffmpeg\b|\bErrno\b")
KINDS = ("exit", "timeout", "stalled", "too_much_output", "killed")
address = st.integers(2**20, 2**48).map(hex)
path = st.lists(st.from_regex(r"[a-z0-9_.]{1,12}", fullmatch=True), min_size=1, max_size=4).map(
    lambda names: str(PurePosixPath("/srv", *names))
)
LINES = (
    "[mov,mp4,m4a,3gp,3g2,mj2 @ {address}] moov atom not found",
    "[{address} @ {address}] Format not on whitelist '{path}'",
    "Codec ({address}) not on whitelist '{path}'",
    "[in#0 @ {address}] Error opening input: Invalid data found when processing input",
    "[vost#0:0/libx264 @ {address}] Could not open encoder before EOF",
    "Error opening input file {path}.",
    "{path}: No such file or directory",
    "{path}: Permission denied",
    "Error while filtering: Cannot allocate memory at {address}",
    "double free or corruption (out): {address}",
)
line = st.builds(
    lambda form, address, path: form.format(address=address, path=path),
    st.sampled_from(LINES) | st.text(max_size=20).map(lambda text: text.replace("{", "").replace("}", "")),
    address,
    path,
)


@given(st.lists(line, max_size=5), st.sampled_from(KINDS), st.binary(max_size=8))
def test_no_line_of_a_tool_reaches_an_instructor(lines: list[str], kind: str, start: bytes) -> None:
    stderr = "\n".join(lines)
    reason = pipeline._reason(ProcessFailed(kind, "chunk 1", stderr, 1))  # type: ignore[arg-type]
    told = [reason, failures.after_all_tries(reason, 3), failures.not_mended(reason)]
    told.append(rejections.from_ffprobe(stderr, start))
    for one in told:
        assert not RAW.search(str(one)), one


@given(st.sampled_from([KeyError, OSError, RuntimeError, ValueError]), line)
def test_no_error_of_the_server_reaches_an_instructor(kind: type[Exception], text: str) -> None:
    assert pipeline._reason(kind(text)) == Message(failures.SERVER_FAILED)


def sentence(key: str) -> str:
    return str(message(key, reason="It failed.", count=3, size="2 GB", limit="1 GB", finding="180p: empty"))


@pytest.mark.parametrize("key", REMEDIES)
def test_retry_is_named_only_where_it_can_help(key: str) -> None:
    remedy, told = REMEDIES[key], Message(key)
    final = sentence(key) if remedy is Remedy.WAIT else str(failures.after_all_tries(told, 3))
    if remedy in (Remedy.WAIT, Remedy.UPLOAD):
        assert "Retry" not in final
    if remedy is Remedy.WAIT:
        assert "by itself" in final
    if remedy is Remedy.RETRY:
        assert "ress Retry" in final
    if remedy is Remedy.ADMINISTRATOR:
        assert "administrator" in final
    if remedy is Remedy.UPLOAD:
        assert re.search("[Uu]pload", final)
    assert failures.retry_helps(failures.after_all_tries(told, 3)) is (remedy is not Remedy.UPLOAD)


@pytest.mark.parametrize("key", REMEDIES)
def test_catalogue_is_in_sentences_without_paths(key: str) -> None:
    told = sentence(key)
    assert told.endswith(".")
    assert not RAW.search(told.replace("FFmpeg", ""))


def test_what_is_not_in_the_catalogue_may_be_tried_again() -> None:
    assert failures.retry_helps(None)
    assert failures.retry_helps(Message("It failed in an earlier version."))


def test_mending_that_failed_names_no_button() -> None:
    reason = failures.after_all_tries(Message(failures.STALLED), 3)
    told = str(failures.not_mended(reason))
    assert "no progress for minutes" in told
    assert "Retry" not in told
