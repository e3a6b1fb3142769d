"""`skillstudio`: a table of commands, each imported only when it is called."""

from importlib import import_module

import click

COMMANDS: dict[str, str] = {}  # name -> "module:attribute", sorted by how often a person needs it


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
def main() -> None:
    """Self-hosted media server for lectures."""
