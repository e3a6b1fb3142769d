"""URLs of static files, with a hash over all of them, so that browsers may cache them without expiry.

The hash is in the path and not in the file names, so that relative imports between the files keep working.
Scripts and style sheets are served as tools/bundle.py has built them.
"""

import hashlib
from functools import cached_property

from litestar import Router
from litestar.datastructures import CacheControlHeader
from litestar.static_files import create_static_files_router

from web import STATIC

YEAR_SECONDS = 365 * 24 * 3600
BUNDLED = ("js/", "css/")


class Assets:
    @cached_property
    def version(self) -> str:
        """Content hash, 12 hex digits, over every path and byte below web/static."""
        digest = hashlib.sha256()
        for path in sorted(path for path in STATIC.rglob("*") if path.is_file()):
            digest.update(path.relative_to(STATIC).as_posix().encode())
            digest.update(path.read_bytes())
        return digest.hexdigest()[:12]

    def url(self, path: str) -> str:
        """URL of a file in web/static, as in `js/page.js`. Raises ValueError when there is none."""
        if not (STATIC / path).is_file():
            raise ValueError(f"there is no web/static/{path}")
        return f"/static/{self.version}/{'built/' * path.startswith(BUNDLED)}{path}"

    def router(self) -> Router:
        return create_static_files_router(
            path=f"/static/{self.version}",
            directories=[STATIC],
            name="assets",
            include_in_schema=False,
            cache_control=CacheControlHeader(public=True, max_age=YEAR_SECONDS, immutable=True),
        )


ASSETS = Assets()
