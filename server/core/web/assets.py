"""URLs of static files, with a hash over all of them, so that browsers may cache them without expiry.

The hash is in the path and not in the file names: relative imports between modules and
`url()` in style sheets keep working without a build step.
"""

import base64
import hashlib
import json
from functools import cached_property

from litestar import Router
from litestar.datastructures import CacheControlHeader
from litestar.static_files import create_static_files_router
from markupsafe import Markup

from web import STATIC, VENDOR_LIST

YEAR_SECONDS = 365 * 24 * 3600


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
        """URL of a file in web/static, as in `css/tokens.css`. Raises ValueError when there is none."""
        if not path.startswith("vendor/") and not (STATIC / path).is_file():
            raise ValueError(f"there is no web/static/{path}")
        return f"/static/{self.version}/{path}"

    @cached_property
    def import_map(self) -> Markup:
        """Import map (JSON) with the bare names of our modules and the vendored ones."""
        vendor = json.loads(VENDOR_LIST.read_text())["imports"]
        imports = {name: self.url(f"vendor/{path}") for name, path in vendor.items()}
        imports["skillstudio/"] = f"/static/{self.version}/js/"
        text = json.dumps({"imports": imports}, indent=1)
        return Markup(text.replace("<", "\\u003c"))  # noqa: S704 - our own JSON, "<" escaped

    @cached_property
    def import_map_hash(self) -> str:
        """CSP source for `script-src`: an import map has to be inline, and its hash allows only this one."""
        return f"'sha256-{base64.b64encode(hashlib.sha256(self.import_map.encode()).digest()).decode()}'"

    def router(self) -> Router:
        return create_static_files_router(
            path=f"/static/{self.version}",
            directories=[STATIC],
            name="assets",
            include_in_schema=False,
            cache_control=CacheControlHeader(public=True, max_age=YEAR_SECONDS, immutable=True),
        )


ASSETS = Assets()
