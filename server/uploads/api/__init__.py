"""Upload endpoints: presigned forms and tus."""

from litestar import Router
from litestar.types import ControllerRouterHandler

from server.uploads.api import forms, tus

ROUTES: list[ControllerRouterHandler] = [
    Router(
        path="/api/video",
        tags=["Video"],
        route_handlers=[forms.init_upload, forms.take_form, tus.ROUTER],
    )
]
