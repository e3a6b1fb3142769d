"""Wall around the media tools on this machine: which layers stand, what they leave open, the remedy."""

import msgspec


class Wall(msgspec.Struct, frozen=True):
    """Layers of the sandbox that were found to work here."""

    bubblewrap: str = ""  # its path
    landlock: int = 0  # version (ABI) of the kernel's, 0 without
    seccomp: bool = False
    network: bool = False  # a network namespace, without bubblewrap
    root: bool = False  # the kernel limits no number of threads of root

    def __str__(self) -> str:
        layers = ["bubblewrap"] if self.bubblewrap else []
        if self.landlock and not self.bubblewrap:
            layers.append(f"Landlock (ABI {self.landlock})")
        if self.seccomp:
            layers.append("seccomp")
        if self.network and not self.bubblewrap:
            layers.append("network namespace")
        return " + ".join([*layers, "resource limits"])


class Gap(msgspec.Struct, frozen=True):
    """What a file that takes over FFmpeg can still do, as the end of a sentence, and what closes it."""

    message: str
    remedy: str


KERNEL = "Use a kernel with seccomp filters on x86-64 or ARM64, or install bubblewrap."


def gaps(wall: Wall) -> list[Gap]:
    """Attacks that the wall leaves open."""
    found = []
    if not wall.bubblewrap:
        found += _without_bubblewrap(wall)
    if not wall.seccomp and wall.bubblewrap:
        found.append(Gap("start processes without end while its job runs", KERNEL))
    if wall.root:
        found.append(Gap("start threads without end", "Run SkillStudio as an ordinary user, not as root."))
    return found


def _without_bubblewrap(wall: Wall) -> list[Gap]:
    found = []
    if not wall.landlock:
        remedy = "Use a kernel with Landlock (5.13 or newer, enabled at boot), or install bubblewrap."
        found.append(Gap("read and change files and memory of this user", remedy))
    if wall.seccomp:
        return found
    if wall.landlock < 6:
        found.append(Gap("send signals to processes of this user", KERNEL))
    found.append(Gap("change the mode and owner of files of this user", KERNEL))
    found.append(Gap("start processes without end, and leave some behind", KERNEL))
    reaches = "Unix sockets" if wall.network or wall.landlock >= 4 else "the network and Unix sockets"
    found.append(Gap(f"connect to {reaches}", KERNEL))
    return found
