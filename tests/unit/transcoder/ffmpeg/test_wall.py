import pytest

from transcoder.ffmpeg.wall import Wall, gaps

WHOLE = Wall(landlock=7, seccomp=True, network=True)


@pytest.mark.parametrize(
    ("wall", "layers"),
    [
        (WHOLE, "Landlock (ABI 7) + seccomp + network namespace + resource limits"),
        (
            Wall(bubblewrap="/usr/bin/bwrap", landlock=7, seccomp=True),
            "bubblewrap + seccomp + resource limits",
        ),
        (Wall(), "resource limits"),
    ],
)
def test_layers_are_named(wall: Wall, layers: str) -> None:
    assert str(wall) == layers


@pytest.mark.parametrize(
    ("wall", "open_"),
    [
        (WHOLE, []),
        (Wall(bubblewrap="/usr/bin/bwrap", seccomp=True), []),
        (Wall(landlock=1, seccomp=True), []),  # Linux 5.13
        (Wall(seccomp=True), ["read and change files and memory of this user"]),  # older
        (Wall(landlock=7, seccomp=True, root=True), ["start threads without end"]),
        (Wall(bubblewrap="/usr/bin/bwrap"), ["start processes without end while its job runs"]),
        (
            Wall(landlock=7),
            [
                "change the mode and owner of files of this user",
                "start processes without end, and leave some behind",
                "connect to Unix sockets",
            ],
        ),
        (
            Wall(),
            [
                "read and change files and memory of this user",
                "send signals to processes of this user",
                "change the mode and owner of files of this user",
                "start processes without end, and leave some behind",
                "connect to the network and Unix sockets",
            ],
        ),
    ],
)
def test_gaps(wall: Wall, open_: list[str]) -> None:
    found = gaps(wall)
    assert [gap.message for gap in found] == open_
    assert all(gap.remedy for gap in found)
