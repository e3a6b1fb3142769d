"""Catalogue of the reasons why an encoding fails or waits, each with what to do about it. Pure.

All that instructors read of a failed job is one of these sentences: never a line of a tool, an address or a
path of the server, which are in its log.
"""

from collections.abc import Iterator
from enum import StrEnum

from storage.messages import N_, Message, byte_size, message
from transcoder.source import rejections


class Remedy(StrEnum):
    WAIT = "wait"  # it goes on by itself
    RETRY = "retry"  # another try may go otherwise
    ADMINISTRATOR = "administrator"  # something here has to be changed before a retry helps
    UPLOAD = "upload"  # another file is needed: no retry helps


NO_ROOM = N_(
    "There is no room left for media. The encoding goes on by itself as soon as there is: "
    "ask the administrator to free space."
)
AWAY = N_("The media store cannot be reached. The encoding goes on by itself when it is back.")
KEY_REFUSED = N_(
    "The media store does not accept this server's key or clock. The encoding goes on by itself "
    "when it does: ask the administrator to look at them."
)
SCRATCH_BUSY = N_("The workers' scratch folder is in use. The encoding goes on by itself.")
TOO_SLOW = N_("Encoding took far too long and was stopped.")
DATABASE_SLOW = N_("The database did not answer in time.")
STALLED = N_("Encoding made no progress for minutes and was stopped.")
KILLED = N_("Encoding was stopped by the system, which may be short of memory.")
TOO_MUCH_OUTPUT = N_("Encoding wrote more output than this lecture should need and was stopped.")
ENCODER_FAILED = N_("The encoder ended with an error, which is in the server's log.")
SERVER_FAILED = N_("The server failed while it encoded; the error is in its log.")
ORIGINAL_GONE = N_("The original file no longer exists. Upload the file again.")
SCRATCH_TOO_SMALL = N_(
    "The file has %(size)s, and the workers' scratch folder may hold %(limit)s. "
    "Ask the administrator to raise SKILLSTUDIO_SCRATCH_BYTES, then press Retry."
)
DO_NOT_FIT = N_(
    "The encoded parts do not fit together (%(finding)s). Press Retry to encode all of them again."
)
MENDED_DO_NOT_FIT = N_(
    "The parts that were made again do not fit together. Ask the administrator to use the same "
    "FFmpeg on all workers."
)
NOT_MENDED = N_(
    "Part of this lecture is damaged and could not be made again: %(reason)s Learners still see the rest."
)

AFTER_ALL_TRIES = {
    Remedy.RETRY: N_("%(reason)s It was tried %(count)s times. Finished parts are kept: press Retry."),
    Remedy.ADMINISTRATOR: N_(
        "%(reason)s It was tried %(count)s times. Ask the administrator to look there; "
        "finished parts are kept."
    ),
    Remedy.UPLOAD: N_(
        "%(reason)s It was tried %(count)s times. Export the lecture again as MP4 "
        "with H.264 and AAC, then upload that."
    ),
}

REMEDIES = {
    **dict.fromkeys((NO_ROOM, AWAY, KEY_REFUSED, SCRATCH_BUSY), Remedy.WAIT),
    **dict.fromkeys((TOO_SLOW, DATABASE_SLOW, STALLED, KILLED, DO_NOT_FIT), Remedy.RETRY),
    **dict.fromkeys(
        (ENCODER_FAILED, SERVER_FAILED, SCRATCH_TOO_SMALL, MENDED_DO_NOT_FIT), Remedy.ADMINISTRATOR
    ),
    **dict.fromkeys((TOO_MUCH_OUTPUT, ORIGINAL_GONE, rejections.CANNOT_ENCODE.key), Remedy.UPLOAD),
}


def after_all_tries(reason: Message, count: int) -> Message:
    """Reason of a job that has no attempt left."""
    remedy = REMEDIES.get(reason.key, Remedy.RETRY)
    return message(AFTER_ALL_TRIES.get(remedy, AFTER_ALL_TRIES[Remedy.RETRY]), reason=reason, count=count)


def scratch_too_small(size: int, limit: int) -> Message:
    return message(SCRATCH_TOO_SMALL, size=byte_size(size), limit=byte_size(limit))


def not_mended(reason: Message) -> Message:
    """Reason why parts of a ready lecture were not made again; there is no Retry to press."""
    told = next((part for part in _with_parts(reason) if part.key in REMEDIES), None)
    return message(NOT_MENDED, reason=told or Message(SERVER_FAILED))


def retry_helps(reason: Message | None) -> bool:
    """Whether Retry is offered. Of what is not in the catalogue, another try may go otherwise."""
    return not any(REMEDIES.get(part.key) is Remedy.UPLOAD for part in _with_parts(reason))


def _with_parts(reason: Message | None) -> Iterator[Message]:
    """A message and those within it."""
    if reason is not None:
        yield reason
        for value in reason.values.values():
            if isinstance(value, Message):
                yield from _with_parts(value)
