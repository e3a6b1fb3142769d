"""Command `skillstudio users erase`, added to the group of accounts: it reaches into later features."""

import click

from server.accounts.commands import users
from server.accounts.people import service as people
from server.analytics.rollups import marking
from server.core import events
from server.core.clock import SystemClock
from server.core.commands import with_database, with_settings
from server.core.errors import NotFound
from server.gamification.xp.handlers import on_person
from server.operations.privacy.erasing import service
from server.settings import Settings
from storage.database.engine import Database
from storage.messages import N_

__all__ = ["users"]


@users.command("erase")
@click.argument("email")
@click.option("--yes", is_flag=True, help="Do not ask for the address again.")
@with_settings()
def erase(settings: Settings, email: str, yes: bool) -> None:
    """Erase a person for good: account, answers, texts, what they watched. Figures keep their counts.

    Can be called again when it was interrupted.
    """
    if not yes and click.prompt("Type the address again").strip().lower() != email.strip().lower():
        raise click.ClickException("The addresses differ. Nothing was erased.")

    async def run(database: Database) -> None:
        events.bind(database, {}, people=(on_person, marking.on_person), days=(marking.mark,))
        person = await people.by_email(database, email)
        if person is None:
            raise NotFound(N_("There is no account with the address %(email)s."), email=email)
        now = SystemClock().now()
        await service.begin(database, person.id, now, by=None)
        await service.run(database, person.id, now)

    with_database(settings, run)
    click.echo("The person is erased.")
