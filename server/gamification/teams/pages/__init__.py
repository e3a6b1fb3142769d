"""Pages of teams: the learner's board, and the administrator's."""

from litestar.types import ControllerRouterHandler

from server.gamification.teams.pages import administer, learn, people

ROUTES: list[ControllerRouterHandler] = [*learn.ROUTES, *administer.ROUTES, *people.ROUTES]
