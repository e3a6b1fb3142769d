"""Table of a course's learners as CSV."""

import csv
import io

import httpx
import pytest

from server.learning.learners import export
from tests.fixtures.database import on_both_databases
from tests.integration.learning.learners.conftest import Classroom
from tests.world.builder import World

pytestmark = on_both_databases


async def download(room: Classroom, **parameters: str) -> httpx.Response:
    answer = await room.teacher.browser.get(f"{room.page}.csv", params=parameters)
    assert answer.status_code == 200, answer.text
    return answer


def rows(answer: httpx.Response) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"), newline="")))


async def test_file_has_the_figures_of_the_table(classroom: Classroom) -> None:
    answer = await download(classroom)
    assert answer.content.startswith(b"\xef\xbb\xbfname,email,status,")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["content-disposition"] == 'attachment; filename="progress.csv"'
    ada, ben, *_ = rows(answer)
    assert (ada["status"], ada["progress_percent"], ada["lessons_completed"]) == ("completed", "100", "3")
    assert (ada["score_percent"], ada["quizzes_passed"], ada["quizzes"]) == ("80", "1", "1")
    assert (ben["name"], ben["score_percent"]) == ("Ben Adams", "")
    assert len(ben["last_seen"]) == len("2026-11-27 14:05")


async def test_file_obeys_search_filter_and_order(classroom: Classroom) -> None:
    async def names(**parameters: str) -> list[str]:
        return [row["name"].split()[0] for row in rows(await download(classroom, **parameters))]

    assert await names(sort="behind") == ["Ben", "Cem", "Dora", "Ada"]
    assert await names(status="in_progress", sort="score") == ["Cem", "Ben"]
    assert await names(status="left") == ["Eva"]
    assert await names(search="dora") == ["Dora"]
    assert await names(search="nobody") == []


async def test_all_pages_in_batches(classroom: Classroom, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export, "BATCH_LEARNERS", 3)
    answer = await download(classroom, sort="progress", page="7")
    assert [row["name"].split()[0] for row in rows(answer)] == ["Ada", "Ben", "Cem", "Dora"]


@pytest.mark.parametrize("start", ["=", "+", "-", "@"])
async def test_names_are_no_formulas(world: World, classroom: Classroom, start: str) -> None:
    evil = await world.person(f'{start}HYPERLINK("evil")', email="evil@example.edu")
    await world.enrol(classroom.course, evil)
    (row,) = rows(await download(classroom, search="evil"))
    assert row["name"] == f'\'{start}HYPERLINK("evil")'
