"""HTTP errors of uploads; the status codes are those of tus 1.0 (https://tus.io/protocols/resumable-upload)."""

from server.core.errors import Conflict, Problem, Unavailable
from storage.messages import N_

ENDED = N_("This upload was cancelled or has expired. Start it again from the beginning.")


class WrongOffset(Conflict):
    title = N_("The upload offset does not match")


class WrongVersion(Problem):
    status = 412
    title = N_("Unsupported tus version")


class WrongContentType(Problem):
    status = 415
    title = N_("Unsupported content type")


class Busy(Problem):
    status = 423
    title = N_("Another request is writing this upload")


class ChecksumMismatch(Problem):
    status = 460
    title = N_("Checksum mismatch")


class Misdirected(Problem):
    """Only another server of ours sees it, which then answers HolderUnreachable."""

    status = 421
    title = N_("Wrong server")


class HolderUnreachable(Unavailable):
    """The host with the bytes is away; the bytes may well be there still."""

    retry_seconds = 10
