"""HTML of this feature; `server.app` mounts it."""

from litestar.types import ControllerRouterHandler

from server.library.pages import course, learn, lessons, people, teach

ROUTES: list[ControllerRouterHandler] = [
    *learn.ROUTES,
    *teach.ROUTES,
    *course.ROUTES,
    *lessons.ROUTES,
    *people.ROUTES,
]
