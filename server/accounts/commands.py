"""Command `skillstudio users`: manage accounts, with or without a running server."""

import sys
from pathlib import Path
from typing import TypeVar

import click

from server.accounts.people import importing, people_list
from server.accounts.people import service as people
from server.accounts.schemas import Imported, NewPerson, Person, PersonPatch, Preview
from server.accounts.signing_in import invitations, tokens
from server.core.clock import SystemClock
from server.core.commands import with_database, with_settings
from server.core.errors import NotFound
from server.settings import Settings
from storage.database.engine import Database
from storage.messages import N_
from storage.states import Role

Result = TypeVar("Result")
CLOCK = SystemClock()


@click.group("users")
def users() -> None:
    """Add, list, import and disable people; make links to choose a password, and tokens for programs."""


@users.command("add")
@click.argument("email")
@click.option(
    "--role", type=click.Choice([role.value for role in Role]), default=Role.LEARNER, show_default=True
)
@click.option("--name", required=True, help="Name shown to others.")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")
@with_settings()
def add(settings: Settings, email: str, role: str, name: str, password_stdin: bool) -> None:
    """Add an account. Without a password it cannot sign in yet."""
    new = NewPerson(email, name, role, _password() if password_stdin else None)
    person = with_database(settings, lambda database: people.add(database, new, CLOCK.now()))
    click.echo(f"{person.email} is added as {person.role}.")


@users.command("list")
@click.argument("search", default="")
@click.option(
    "--role",
    type=click.Choice([role.value for role in Role]),
    default=None,
    help="Only people with this role.",
)
@with_settings()
def list_people(settings: Settings, search: str, role: str | None) -> None:
    """List accounts: email address, role, name and why they cannot sign in, separated by tabs.

    Each word of SEARCH is a part of the name or the email address, in any case and without accents.
    """

    async def pages(database: Database) -> list[Person]:
        found: list[Person] = []
        while more := await people_list.matching(database, search=search, role=role or "", offset=len(found)):
            found += more
        return found

    for person in with_database(settings, pages):
        obstacle = "disabled" if person.disabled else "" if person.has_password else "no password"
        click.echo("\t".join((person.email, person.role, person.name, obstacle)).rstrip())


@users.command("password")
@click.argument("email")
@click.option(
    "--password-stdin",
    is_flag=True,
    required=True,
    expose_value=False,
    help="Read the password from standard input, the only way to give it.",
)
@with_settings()
def password(settings: Settings, email: str) -> None:
    """Set a new password, also for an administrator who forgot it. Ends all sessions of the account."""
    patch = PersonPatch(password=_password())

    async def change(database: Database) -> Person:
        person = await _person(database, email)
        return await people.edit(database, person.id, patch, CLOCK.now())

    click.echo(f"{with_database(settings, change).email} signs in with the new password now.")


@users.command("link")
@click.argument("email")
@with_settings()
def link(settings: Settings, email: str) -> None:
    """Print a link by which this person chooses a password: once, within 14 days."""

    async def invite(database: Database) -> str:
        person = await _person(database, email)
        return (await invitations.invite(database, person.id, CLOCK.now())).path

    click.echo(settings.public_url + with_database(settings, invite))


@users.command("disable")
@click.argument("email")
@with_settings()
def disable(settings: Settings, email: str) -> None:
    """Sign a person out everywhere, revoke their tokens, and let them sign in no more. Nothing is deleted."""
    click.echo(f"{_set_disabled(settings, email, disabled=True)} is signed out and cannot sign in.")


@users.command("enable")
@click.argument("email")
@with_settings()
def enable(settings: Settings, email: str) -> None:
    """Let a disabled person sign in again."""
    click.echo(f"{_set_disabled(settings, email, disabled=False)} may sign in again.")


def _set_disabled(settings: Settings, email: str, *, disabled: bool) -> str:
    async def change(database: Database) -> str:
        person = await _person(database, email)
        await people.edit(database, person.id, PersonPatch(disabled=disabled), CLOCK.now())
        return person.email

    return with_database(settings, change)


@users.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, readable=True, path_type=Path))
@click.option("--dry-run", is_flag=True, help="Say what would be imported, and write nothing.")
@with_settings()
def import_list(settings: Settings, file: Path, dry_run: bool) -> None:
    """Add and change people from a CSV with the columns email, name, role and optionally password.

    Nothing is imported while a line is wrong; importing the same list again changes nothing.
    """
    data = file.read_bytes()

    async def run(database: Database) -> Preview | Imported:
        if dry_run:
            return await importing.preview(database, data)
        return await importing.import_csv(database, data, CLOCK.now())

    done = with_database(settings, run)
    for problem in done.problems:
        value = f" {problem.value!r}" if problem.value else ""
        click.echo(f"{file}:{problem.line}: {problem.person}:{value} {problem.sentence}", err=True)
    if done.problems:
        click.echo("Nothing was imported. Correct these lines and try again.", err=True)
        sys.exit(1)
    if isinstance(done, Preview):
        _show(done)
    else:
        click.echo(f"{done.added} added, {done.changed} changed, {done.unchanged} as before.")


def _show(preview: Preview) -> None:
    for change in preview.changes:
        before, after = f"{change.old_name}, {change.old_role}", f"{change.name}, {change.role}"
        changed = f"{before} → {after}" if before != after else f"{before}: gets a password"
        click.echo(f"{change.email}: {changed}")
    for name in preview.new_administrators:
        click.echo(f"{name} becomes an administrator.")
    click.echo(
        f"{preview.added} would be added, {preview.changed} changed, {preview.unchanged} as before. "
        "Nothing was imported."
    )


@users.command("token")
@click.argument("email")
@click.option("--name", default="command line", show_default=True, help="Where the token is used.")
@with_settings()
def token(settings: Settings, email: str, name: str) -> None:
    """Print a new Bearer token with the permissions of this person."""

    async def make(database: Database) -> str:
        person = await _person(database, email)
        made = await tokens.make(database, person.id, name=name, now=CLOCK.now())
        return made.token

    click.echo(with_database(settings, make))


async def _person(database: Database, email: str) -> Person:
    person = await people.by_email(database, email)
    if person is None:
        raise NotFound(N_("There is no account with the address %(email)s."), email=email)
    return person


def _password() -> str:
    """One line of standard input, without its end. Validated by `people`."""
    return sys.stdin.readline().rstrip("\r\n")
