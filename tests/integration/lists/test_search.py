"""The same hits in the same order on SQLite and PostgreSQL."""

import pytest

from server.accounts.people import people_list
from server.library import courses
from server.library.schemas import NewCourse
from storage.database.engine import Database
from storage.database.search import search_key
from tests.fixtures.database import on_both_databases
from tests.fixtures.web import Account
from tests.world.builder import World
from tests.world.clock import START

PEOPLE = (
    ("zoe@example.edu", "Zoë Łuk"),
    ("irmak@example.edu", "Irmak Yıldız"),
    ("weiss@example.edu", "Jürgen Weiß"),
    ("wolf@example.edu", "anna-lena wolf"),
    ("percent@example.edu", "Per 100% Cent"),
    ("under_score@example.edu", "Under Score"),
    ("back@example.edu", "Back\\Slash"),
    ("emilie@example.edu", "Émilie du Châtelet"),
    ("aarhus@example.edu", "Åse Ærø"),
    ("angstrom@example.edu", "A\u030angstrom Anders"),
    ("omega@example.edu", "Ω Onassis"),
)
SEARCHES = {
    "zoe luk": ["zoe"],
    "LUK ZOË": ["zoe"],  # any order
    "zo\u0065\u0308": ["zoe"],  # a combining mark
    "yildiz": ["irmak"],
    "YILDIZ": ["irmak"],
    "YİLDİZ": ["irmak"],
    "yıldız ırmak": ["irmak"],
    "weiss": ["weiss"],
    "WEIẞ": ["weiss"],
    "Strauß": [],
    "%": ["percent"],
    "_": ["under_score"],
    "\\": ["back"],
    "100%": ["percent"],
    "chatelet EMILIE": ["emilie"],
    "aero": ["aarhus"],
    "ærø": ["aarhus"],
    "ase aero": ["aarhus"],
    "åse": ["aarhus"],
    "ångstrom": ["angstrom"],
    "ω": ["omega"],
    "zoe nobody": [],
    "\x00": [],
    "example.edu wolf": ["wolf"],
    "": [
        "angstrom",
        "wolf",
        "aarhus",
        "back",
        "emilie",
        "irmak",
        "weiss",
        "percent",
        "under_score",
        "zoe",
        "omega",
    ],
}


@pytest.fixture
async def people(world: World) -> None:
    for email, name in PEOPLE:
        await world.person(name, email=email)


@on_both_databases
async def test_people_are_found(database: Database, people: None) -> None:
    found = {}
    for search in SEARCHES:
        rows = await people_list.matching(database, search=search)
        found[search] = [person.email.partition("@")[0] for person in rows]
    assert found == SEARCHES


@on_both_databases
async def test_order_is_that_of_the_folded_names(database: Database, people: None) -> None:
    async with database.read() as session:
        page = await people_list.shown(session, people_list.OPTIONS.read({}))
        by_email = await people_list.shown(session, people_list.OPTIONS.read({"sort": "email"}))
    keys = [search_key(person.name, person.email) for person in page.items]
    assert keys == sorted(keys)
    emails = [person.email for person in by_email.items]
    assert emails == sorted(emails)
    assert page.hits == by_email.hits == len(PEOPLE)


@on_both_databases
async def test_courses_are_found_and_ordered(database: Database, instructor: Account) -> None:
    titles = ("Éléments d'algèbre", "algebra II", "Algebra I", "Zoölogie", "Öffentliches Recht", "Optics 50%")
    for title in titles:
        await courses.create(database, instructor.viewer, NewCourse(title), START)
    options = courses.TAUGHT

    async def shown(**parameters: str) -> list[str]:
        page = await courses.taught(database, instructor.viewer, options.read(parameters))
        return [course.title for course in page.items]

    assert await shown() == [
        "Algebra I", "algebra II", "Éléments d'algèbre", "Öffentliches Recht", "Optics 50%", "Zoölogie",
    ]  # fmt: skip
    assert await shown(search="algebre elements") == ["Éléments d'algèbre"]
    assert await shown(search="ZOOLOGIE") == ["Zoölogie"]
    assert await shown(search="50%") == ["Optics 50%"]
    assert await shown(status="published") == []
    assert len(await shown(status="draft")) == len(titles)
