"""Refusals that only uploads know; the numbers are tus 1.0's (https://tus.io/protocols/resumable-upload)."""

from server.core.errors import Conflict, Problem


class WrongOffset(Conflict):
    title = "The upload stands at another offset"


class WrongVersion(Problem):
    status = 412
    title = "Another version of tus"


class WrongContentType(Problem):
    status = 415
    title = "Another content type is needed"


class Busy(Problem):
    status = 423
    title = "Somebody else is sending this upload"


class ChecksumMismatch(Problem):
    status = 460
    title = "The bytes changed on the way"
