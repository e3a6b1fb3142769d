"""Submitted form values and their errors."""

from collections.abc import Mapping
from typing import Any, Self

import msgspec
from litestar import Request

from server.core.errors import Problem
from storage.messages import Message


class Form(msgspec.Struct, frozen=True):
    """Template variable: `values` fill the fields again, and each of `errors` is shown beside its field."""

    values: Mapping[str, str] = {}
    errors: Mapping[str, Message] = {}  # by field; the template translates
    problem: Message | None = None  # error that belongs to no single field
    status: int = 200

    @classmethod
    async def read(cls, request: Request[Any, Any, Any]) -> Self:
        """Text fields only. The last of equal names wins; values are trimmed, except passwords."""
        data = await request.form()
        return cls(
            {
                name: value if "password" in name else value.strip()
                for name, value in data.items()
                if isinstance(value, str)
            }
        )

    def __getitem__(self, name: str) -> str:
        return self.values.get(name, "")

    def checked(self, name: str) -> bool:
        return name in self.values

    def refused(self, problem: Problem) -> Self:
        """The same form with the errors of `problem`, to be shown again; its 400 becomes 422."""
        errors = {name: told for name, told in problem.fields.items() if name}
        general = None if problem.message in errors.values() else problem.message
        status = problem.status if problem.status != 400 else 422
        return type(self)(self.values, errors, general, status)
