"""tus 1.0 over HTTP: creation, creation-with-upload, expiration, termination, checksum."""

from collections.abc import AsyncIterator
from typing import Annotated

from litestar import Request, Response, Router, delete, head, patch, post, route
from litestar.datastructures import State
from litestar.exceptions import InternalServerException
from litestar.params import FromPath

from server.accounts.identity import Viewer
from server.kit.clock import Clock
from server.kit.errors import Invalid
from server.uploads import protocol, service
from server.uploads.finish import finish_soon
from server.uploads.forms import TUS_PATH
from server.uploads.intake import Intake
from server.uploads.receive import Cut
from storage.database.tables import Upload

AnyRequest = Request[object, object, State]
