"""Pages that show several features. They compose panels and decide nothing."""

from litestar.types import ControllerRouterHandler

from server.site import (
    administer,
    analytics,
    dashboard,
    learn_course,
    learn_lesson,
    teach_content,
    teach_lesson,
)

ROUTES: list[ControllerRouterHandler] = [
    *dashboard.ROUTES,
    *learn_course.ROUTES,
    *learn_lesson.ROUTES,
    *teach_lesson.ROUTES,
    *teach_content.ROUTES,
    *administer.ROUTES,
    *analytics.ROUTES,
]
