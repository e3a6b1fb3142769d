"""JSON API of people, the own account and its tokens."""

from typing import Annotated

import msgspec
from litestar import Request, Router, delete, get, patch, post
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter
from litestar.types import ControllerRouterHandler

from server.accounts import rules
from server.accounts.dependencies import only_administrators
from server.accounts.identity import Viewer
from server.accounts.people import importing, people_list
from server.accounts.people import service as people
from server.accounts.schemas import (
    Imported,
    MadeToken,
    MePatch,
    NewPerson,
    NewToken,
    Person,
    PersonPatch,
    TokenInfo,
)
from server.accounts.signing_in import tokens
from server.core.clock import Clock
from server.core.text.formats import translated
from storage.database.engine import Database

MAX_PAGE = 1000  # people in one response
Offset = Annotated[int, QueryParameter(ge=0, le=10_000_000)]
Limit = Annotated[int, QueryParameter(ge=1, le=MAX_PAGE)]


@get("/me")
async def get_me(viewer: NamedDependency[Viewer], database: NamedDependency[Database]) -> Person:
    """The caller's account."""
    return await people.get(database, viewer.id)


@patch("/me")
async def edit_me(
    data: JSONBody[MePatch],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> Person:
    """Change the caller's name."""
    return await people.edit(database, viewer.id, PersonPatch(name=data.name), clock.now(), by=viewer.id)


@get("/me/tokens")
async def list_tokens(
    viewer: NamedDependency[Viewer], database: NamedDependency[Database], clock: NamedDependency[Clock]
) -> list[TokenInfo]:
    """The caller's valid Bearer tokens, newest first."""
    return await tokens.of(database, viewer.id, clock.now())


@post("/me/tokens")
async def make_token(
    data: JSONBody[NewToken],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> MadeToken:
    """Create a Bearer token. It is shown only in this response."""
    return await tokens.make(database, viewer.id, name=data.name, now=clock.now(), by=viewer.id)


@delete("/me/tokens/{token_id:str}")
async def revoke_token(
    token_id: FromPath[str],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> None:
    """Revoke a Bearer token."""
    await tokens.revoke(database, viewer.id, token_id, clock.now())


@get("/people")
async def list_people(
    database: NamedDependency[Database],
    search: FromQuery[str] = "",
    role: FromQuery[str] = "",
    offset: Offset = 0,
    limit: Limit = people_list.BATCH,
) -> list[Person]:
    """People by name; each word of `search` is a part of the name or the email address."""
    wanted = rules.clean_role(role) if role else ""
    return await people_list.matching(database, search=search, role=wanted, offset=offset, limit=limit)


@post("/people")
async def add_person(
    data: JSONBody[NewPerson],
    administrator: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> Person:
    """Add an account. Without a password it cannot sign in yet."""
    return await people.add(database, data, clock.now(), by=administrator.id)


@post("/people/import", status_code=200)
async def import_people(
    request: Request[object, object, State],
    administrator: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> Imported:
    """Import a CSV body with the columns email, name, role and optionally password; nothing while a line is
    wrong. Interrupted, it is sent again."""
    data = await request.body()
    imported = await importing.import_csv(database, data, clock.now(), by=administrator.id)
    problems = [
        msgspec.structs.replace(problem, sentence=translated(problem.sentence))
        for problem in imported.problems
    ]
    return msgspec.structs.replace(imported, problems=tuple(problems))


@get("/people/{person_id:str}")
async def get_person(person_id: FromPath[str], database: NamedDependency[Database]) -> Person:
    """One account."""
    return await people.get(database, person_id)


@patch("/people/{person_id:str}")
async def edit_person(
    person_id: FromPath[str],
    data: JSONBody[PersonPatch],
    administrator: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> Person:
    """Change the given fields. A new password and disabling end all sessions of the account."""
    return await people.edit(database, person_id, data, clock.now(), by=administrator.id)


ROUTES: list[ControllerRouterHandler] = [
    Router(
        "/api", tags=["Own account"], route_handlers=[get_me, edit_me, list_tokens, make_token, revoke_token]
    ),
    Router(
        "/api",
        tags=["People"],
        guards=[only_administrators],
        route_handlers=[list_people, add_person, import_people, get_person, edit_person],
    ),
]
