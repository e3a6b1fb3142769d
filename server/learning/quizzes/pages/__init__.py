"""Pages of quizzes: the instructor's editor, the learner's attempt and its review."""

from litestar.types import ControllerRouterHandler

from server.learning.quizzes.pages import learn, teach, teach_question

ROUTES: list[ControllerRouterHandler] = [*teach.ROUTES, *teach_question.ROUTES, *learn.ROUTES]
