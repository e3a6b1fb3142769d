"""Quizzes: the instructor's document, attempts, import and export (spec section 8).

`at`: seconds into the lesson's video for a quiz that stops it; left out, the lesson's own quiz.
"""

from litestar import Response, Router, get, post, put
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody
from litestar.types import ControllerRouterHandler

from server.accounts.identity import Viewer
from server.core.clock import Clock
from server.core.text.formats import translated
from server.learning.quizzes import attempts, results, service, transfer
from server.learning.quizzes.schemas import (
    AnswersIn,
    AttemptView,
    FaultView,
    Figures,
    ImportedView,
    ImportIn,
    QuizPut,
    QuizStart,
    SavedAnswers,
    Submitted,
)
from server.learning.quizzes.service import Saved
from server.library.access import lesson_for_learning
from storage.database.engine import Database


@get("/lessons/{lesson_id:str}/quiz")
async def get_quiz(
    lesson_id: FromPath[str],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    at: FromQuery[float | None] = None,
) -> Saved:
    """A quiz with its right answers, for those who teach the course."""
    async with database.read() as session:
        return await service.edited(session, viewer, lesson_id, at)


@put("/lessons/{lesson_id:str}/quiz")
async def put_quiz(
    lesson_id: FromPath[str],
    data: JSONBody[QuizPut],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
    at: FromQuery[float | None] = None,
) -> Saved:
    """Save a quiz. Once somebody has attempted it, this makes a new version; their attempts keep theirs."""
    return await service.save(
        database, viewer, lesson_id, at, lambda _: data.content, clock.now(), revision=data.revision
    )


@get("/lessons/{lesson_id:str}/quiz/export")
async def export_quiz(
    lesson_id: FromPath[str],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    format: FromQuery[str] = "gift",  # noqa: A002 - the parameter's name in the address
    at: FromQuery[float | None] = None,
) -> Response[str]:
    """The questions as a file: `format` is gift or moodle_xml."""
    async with database.read() as session:
        content = (await service.edited(session, viewer, lesson_id, at)).content
    text = transfer.export(content, format)
    disposition = f'attachment; filename="quiz.{transfer.SUFFIXES[format]}"'
    headers = {"content-disposition": disposition, "cache-control": "no-store"}
    return Response(text, media_type=transfer.MEDIA_TYPES[format], headers=headers)


@post("/lessons/{lesson_id:str}/quiz/import", status_code=200)
async def import_quiz(
    lesson_id: FromPath[str],
    data: JSONBody[ImportIn],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
    at: FromQuery[float | None] = None,
) -> ImportedView:
    """Add questions of a GIFT text or a Moodle XML file. Nothing is added while one cannot be imported."""
    imported, added = await transfer.add(
        database,
        viewer,
        lesson_id,
        at,
        data.text,
        clock.now(),
        format=data.format,
        leave_out=data.leave_out,
        revision=data.revision,
    )
    faults = [FaultView(line=f.line, name=f.name, reason=translated(f.reason)) for f in imported.faults]
    return ImportedView(imported=len(imported.questions) if added else 0, faults=faults)


@get("/lessons/{lesson_id:str}/quiz/statistics")
async def quiz_statistics(
    lesson_id: FromPath[str],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    at: FromQuery[float | None] = None,
) -> Figures:
    """Difficulty and discrimination of the questions, from each learner's first attempt."""
    async with database.read() as session:
        await service.edited(session, viewer, lesson_id, at)
        quiz = await service.find(session, lesson_id, at)
        return Figures(questions=await results.item_figures(session, quiz) if quiz else {})


@get("/lessons/{lesson_id:str}/quiz/attempts")
async def list_attempts(
    lesson_id: FromPath[str],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    quiz: FromQuery[str | None] = None,
) -> QuizStart:
    """The caller's attempts at the lesson's quiz, or at the one with the id `quiz` in its video."""
    async with database.read() as session:
        lesson = await lesson_for_learning(session, viewer, lesson_id)
        found = await attempts.quiz_of(session, lesson, quiz)
        return await results.start(session, viewer, lesson, found)


@post("/lessons/{lesson_id:str}/quiz/attempts", status_code=200)
async def open_attempt(
    lesson_id: FromPath[str],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
    quiz: FromQuery[str | None] = None,
) -> AttemptView:
    """Begin an attempt, or go on with the open one."""
    now = clock.now()
    attempt_id = await attempts.open_attempt(database, viewer, lesson_id, quiz, now)
    return await _shown(database, viewer, lesson_id, attempt_id, clock)


@get("/lessons/{lesson_id:str}/quiz/attempts/{attempt_id:str}")
async def get_attempt(
    lesson_id: FromPath[str],
    attempt_id: FromPath[str],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> AttemptView:
    """An attempt of the caller: its questions while it is open, its review afterwards."""
    return await _shown(database, viewer, lesson_id, attempt_id, clock)


@put("/lessons/{lesson_id:str}/quiz/attempts/{attempt_id:str}/answers")
async def save_answers(
    lesson_id: FromPath[str],
    attempt_id: FromPath[str],
    data: JSONBody[AnswersIn],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> SavedAnswers:
    """Keep answers as they are given; the others stay as they are."""
    unclear = await attempts.save(database, viewer, lesson_id, attempt_id, data.answers, clock.now())
    return SavedAnswers(unclear={name: translated(told) for name, told in unclear.items()})


@post("/lessons/{lesson_id:str}/quiz/attempts/{attempt_id:str}/submit", status_code=200)
async def submit_attempt(
    lesson_id: FromPath[str],
    attempt_id: FromPath[str],
    data: JSONBody[AnswersIn],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> Submitted:
    """Submit an attempt, with answers that are not saved yet. The same submission again changes nothing."""
    now = clock.now()
    in_time = await attempts.submit(database, viewer, lesson_id, attempt_id, data.answers, now)
    return Submitted(in_time=in_time, attempt=await _shown(database, viewer, lesson_id, attempt_id, clock))


async def _shown(
    database: Database, viewer: Viewer, lesson_id: str, attempt_id: str, clock: Clock
) -> AttemptView:
    await attempts.settle_own(database, viewer, lesson_id, attempt_id, clock.now())
    async with database.read() as session:
        attempt = await attempts.owned(session, viewer, lesson_id, attempt_id)
        return await results.attempt_view(session, attempt, clock.now())


HANDLERS: list[ControllerRouterHandler] = [
    get_quiz,
    put_quiz,
    export_quiz,
    import_quiz,
    quiz_statistics,
    list_attempts,
    open_attempt,
    get_attempt,
    save_answers,
    submit_attempt,
]
ROUTES: list[ControllerRouterHandler] = [Router("/api", route_handlers=HANDLERS, tags=["Quizzes"])]
