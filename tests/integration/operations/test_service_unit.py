"""docs/skillstudio.service: what it withholds from the service, and what the product needs of it."""

import shutil
import subprocess

from tests.architecture.source import ROOT
from tests.integration.operations.documented import blocks, unit

FILE = ROOT / "docs" / "skillstudio.service"
EXPOSURE = 3.0  # at most, as `systemd-analyze security` counts; 10 is a service without restrictions
RESTRICTIONS = {
    "NoNewPrivileges": "yes",
    "CapabilityBoundingSet": "",
    "AmbientCapabilities": "",
    "ProtectSystem": "strict",
    "ProtectHome": "yes",
    "ProtectProc": "invisible",
    "ProtectClock": "yes",
    "ProtectHostname": "yes",
    "ProtectControlGroups": "yes",
    "ProtectKernelLogs": "yes",
    "ProtectKernelModules": "yes",
    "ProtectKernelTunables": "yes",
    "PrivateTmp": "yes",
    "PrivateDevices": "yes",
    "PrivateIPC": "yes",
    "LockPersonality": "yes",
    "MemoryDenyWriteExecute": "yes",
    "RestrictRealtime": "yes",
    "RestrictSUIDSGID": "yes",
    "RestrictAddressFamilies": "AF_UNIX AF_INET AF_INET6",
    "SystemCallArchitectures": "native",
    "UMask": "0077",
}


def test_unit_restricts_the_service() -> None:
    service = unit()
    assert {name: service[name] for name in RESTRICTIONS} == {
        name: [value] for name, value in RESTRICTIONS.items()
    }
    allowed, refused = service["SystemCallFilter"]
    assert allowed.split()[0] == "@system-service"
    assert refused == "~@privileged"
    # Where systemd is installed; elsewhere the lines above hold what its figure counts.
    if analyze := shutil.which("systemd-analyze"):
        said = subprocess.run(
            [analyze, "security", "--offline=true", f"--threshold={EXPOSURE * 10:.0f}", "--no-pager", FILE],
            capture_output=True,
            text=True,
            check=False,
        )
        assert said.returncode == 0, said.stdout


def test_sandbox_of_the_media_tools_finds_what_it_needs() -> None:
    """A user and a network namespace, Landlock and seccomp; nice values and limits are in @system-service."""
    service = unit()
    assert set(service["RestrictNamespaces"][0].split()) >= {"user", "net"}
    calls = set(service["SystemCallFilter"][0].split())
    landlock = {"landlock_create_ruleset", "landlock_add_rule", "landlock_restrict_self"}
    assert calls >= {"seccomp", *landlock}
    assert "PrivateUsers" not in service, "FFmpeg makes a user namespace of its own"
    assert "ProcSubset" not in service, "media tools read /proc/cpuinfo, the server its memory"


def test_user_folders_and_stop_agree_with_the_document() -> None:
    service = unit()
    (user,) = service["User"]
    (state,) = service["StateDirectory"]
    install, update = blocks("As a service, with a user of its own")["sh"]
    assert f"useradd --system --home-dir /var/lib/{state} --shell /usr/sbin/nologin {user}\n" in install
    assert service["Environment"] == [f"SKILLSTUDIO_DATA=/var/lib/{state}"]
    assert service["WorkingDirectory"] == [f"/var/lib/{state}"]
    assert service["ExecStart"][0].startswith("/opt/skillstudio/.venv/bin/")
    assert "/opt/skillstudio" in install
    assert "make setup" in update
    assert int(service["TimeoutStopSec"][0]) >= 60, "workers get 46 s to hand their jobs back"
    assert service["KillMode"] == ["mixed"]
