"""A route: how a request is parsed, what it is answered with. The OpenAPI document is made of the same table."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Generic, Literal, TypeVar

from aiohttp import web
from pydantic import BaseModel, ConfigDict
from ulid import ULID

from services.preview.api.http.auth import Caller
from services.preview.api.http.dependencies import Dependencies
from services.preview.api.http.deprecation import Deprecation
from services.preview.api.http.responses.problem import FieldProblem

P = TypeVar("P", bound=BaseModel)
B = TypeVar("B")


class NoParameters(BaseModel):
    """A request without parameters; an unknown one is an error, not silently ignored."""

    model_config = ConfigDict(extra="forbid", frozen=True)


@dataclass(frozen=True, slots=True)
class Media:
    """An answer that is no JSON model: an event stream or a table. `model`: of its events."""

    media_type: str
    description: str
    model: type[BaseModel] | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """What a handler answers: a model under a status that its route declares."""

    model: BaseModel | None
    status: HTTPStatus = HTTPStatus.OK
    headers: Mapping[str, str] = field(default_factory=dict)
    subject: str | None = None
    """What was changed, for the audit log; None: what the path names, or what `Location` does."""


@dataclass(frozen=True, slots=True)
class Call(Generic[P, B]):
    """One parsed request. Everything a handler reads or writes belongs to `caller.shop`."""

    request: web.Request
    caller: Caller
    deps: Dependencies
    params: P
    body: B
    key: str | None = None
    """The client's own key of this request (`keyed`); None: it has none."""
    made_id: str = field(default_factory=lambda: str(ULID()))
    """A ULID for what the request makes; under a key the same in every try."""

    @property
    def shop(self) -> str:
        """The shop of the session token."""
        return self.caller.shop


@dataclass(frozen=True, slots=True)
class Route(Generic[P, B]):
    """One operation. Path parameters are the fields of `params` named in the path; `in: header` marks headers."""

    method: str
    path: str
    name: str
    tag: str
    summary: str
    params: type[P]
    handler: Callable[[Call[P, B]], Awaitable[Answer | web.StreamResponse]]
    answers: Mapping[HTTPStatus, type[BaseModel] | Media | None]
    body: Any = None
    body_optional: bool = False
    max_body: int | None = None
    """Bytes of a body; None: as all others."""
    problems: Sequence[HTTPStatus] = ()
    description: str = ""
    answer_headers: Mapping[str, str] = field(default_factory=dict)
    act: str | None = None
    """Under which name the audit log notes it, of a request that changes something; None: it is not noted."""
    lasts: Literal["stream", "export"] | None = None
    """An answer that takes its time: it holds none of the places of requests, and a shop has a number of its own."""
    reads: bool = False
    """Of a POST: it changes nothing, and is one only since what it asks for is longer than an address may be."""
    needs_key: bool = False
    """Whether it is refused without an `Idempotency-Key`: sent again it would count twice."""
    deprecated: Deprecation | None = None
    """What is said of one that will go."""
    also_wrong: Callable[[Call[P, None], object], Awaitable[list[FieldProblem]]] | None = None
    """Further mistakes in a body whose form is wrong already, so that all are named at once."""

    @property
    def changes(self) -> bool:
        """Whether it changes something: then it is done once under a client's key."""
        return self.method != "GET" and not self.reads

    def path_names(self) -> list[str]:
        """The parameters in the path."""
        return re.findall(r"{(\w+)}", self.path)

    def header_names(self) -> dict[str, str]:
        """Field name → header name of the parameters that are headers."""
        return {
            name: info.alias or name
            for name, info in self.params.model_fields.items()
            if isinstance(info.json_schema_extra, dict) and info.json_schema_extra.get("in") == "header"
        }


AnyRoute = Route[Any, Any]
