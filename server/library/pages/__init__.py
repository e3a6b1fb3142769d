"""HTML pages of courses, mounted by `server.app`."""

from litestar.types import ControllerRouterHandler

from server.library.pages import course, learn, lessons, people, teach

ROUTES: list[ControllerRouterHandler] = [
    *learn.ROUTES,
    *teach.ROUTES,
    *course.ROUTES,
    *lessons.ROUTES,
    *people.ROUTES,
]
