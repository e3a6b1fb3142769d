"""Command line `skillstudio`: a table of commands, each imported only when it is called."""

import gc
import os
import sys
from importlib import import_module

import click

COMMANDS: dict[str, str] = {  # name -> "module:attribute", in the order of --help
    "up": "server.processes.commands:up",
    "doctor": "server.operations.doctor:doctor",
    "ingest": "server.encoding.commands:ingest",
    "users": "server.operations.privacy.commands:users",
    "maintenance": "server.operations.upkeep.commands:maintenance",
    "analytics": "server.analytics.rollups.commands:analytics",
    "export": "server.operations.export.commands:export",
    "demo": "server.demo.commands:demo",
    "settings": "server.processes.commands:settings_command",
    "server": "server.processes.commands:server",
    "worker": "server.processes.commands:worker",
    "scheduler": "server.processes.commands:scheduler",
    "migrate": "server.processes.commands:migrate",
}
# New objects, and collections of each generation before the next. By Python's own values, a tenth of a start
# went into looking for garbage in new modules.
COLLECT_AFTER = (20_000, 20, 20)


class LazyGroup(click.Group):
    def list_commands(self, _context: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, _context: click.Context, name: str) -> click.Command | None:
        if name not in COMMANDS:
            return None
        module, attribute = COMMANDS[name].split(":")
        command: click.Command = getattr(import_module(module), attribute)
        return command


@click.group(cls=LazyGroup)
@click.version_option(package_name="skillstudio", message="SkillStudio %(version)s")
def commands() -> None:
    """Self-hosted media server for lectures."""


def main() -> None:
    """Run a command. An error that the user can fix is one sentence on standard error, not a traceback."""
    os.umask(0o077)  # what it writes (database, keys, lectures) is nobody else's
    gc.set_threshold(*COLLECT_AFTER)
    try:
        commands()
    except Exception as failure:
        from server.core.commands import sentence

        message = sentence(failure)
        if message is None:
            raise
        click.echo(f"Error: {message}", err=True)
        sys.exit(1)
