"""`skillstudio`: a table of commands, each imported only when it is called."""

import sys
from importlib import import_module

import click

COMMANDS: dict[str, str] = {  # name -> "module:attribute", in the order a person needs them
    "up": "server.processes.commands:up",
    "doctor": "server.operations.doctor:doctor",
    "ingest": "server.encoding.commands:ingest",
    "users": "server.accounts.commands:users",
    "settings": "server.processes.commands:settings_command",
    "server": "server.processes.commands:server",
    "worker": "server.processes.commands:worker",
    "scheduler": "server.processes.commands:scheduler",
    "migrate": "server.processes.commands:migrate",
}


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
    """Run a command. What a person can mend is a sentence on standard error, not a traceback."""
    try:
        commands()
    except Exception as failure:
        from server.core.commands import sentence

        told = sentence(failure)
        if told is None:
            raise
        click.echo(f"Error: {told}", err=True)
        sys.exit(1)
