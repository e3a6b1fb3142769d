"""Startup summary: processes, addresses and set-up link."""

from collections.abc import Mapping

from rich.table import Table

from server.core.commands import console
from server.settings import Settings, without_password


def show_table(settings: Settings, pids: Mapping[str, int], prepared: Mapping[str, str | None]) -> None:
    """Print the processes, the address, and the set-up link while there is no administrator."""
    table = Table(title="SkillStudio is running", title_style="bold", title_justify="left")
    table.add_column("Part", style="bold")
    table.add_column("Where", overflow="fold")
    table.add_column("Process", justify="right")
    for part, where, process in _rows(settings, pids, prepared):
        table.add_row(part, where, process)
    out = console()
    out.print()
    out.print(table)
    out.print(f"Open [bold]{settings.public_url}[/bold] in a browser.")
    show_setup_link(settings, prepared["setup_path"])
    out.print("Ctrl-C ends everything.")


def show_setup_link(settings: Settings, path: str | None) -> None:
    """Print the link; nothing when there is an administrator."""
    if path:
        out = console()
        out.print("There is no administrator yet. This link, valid for one use, creates one:")
        out.print(f"  [bold]{settings.public_url}{path}[/bold]")


def _rows(
    settings: Settings, pids: Mapping[str, int], prepared: Mapping[str, str | None]
) -> list[tuple[str, str, str]]:
    def processes(*prefixes: str) -> str:
        return ", ".join(str(pid) for name, pid in pids.items() if name.startswith(prefixes))

    encoders = sum(name.startswith("encode") for name in pids)
    return [
        ("Web server", f"http://{settings.host}:{settings.port}", processes("server")),
        ("Workers", f"1 for quick jobs, {encoders} for encoding", processes("quick", "encode")),
        ("Scheduler", "this machine", processes("scheduler")),
        ("Queue", without_password(settings.queue), processes("valkey") or "external"),
        ("Database", f"{prepared['database']}, {_database(settings)}", ""),
        ("Objects", settings.s3_endpoint or f"folder {settings.objects_folder}", ""),
        ("FFmpeg", prepared["ffmpeg"] or "", ""),
        ("Sandbox", prepared["sandbox"] or "", ""),
        ("Logs", str(settings.log_folder), ""),
    ]


def _database(settings: Settings) -> str:
    return without_password(settings.database_url) or str(settings.database_file)
