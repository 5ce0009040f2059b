"""What the API refuses, in the words of the command line: which argument, what is wrong, and what to do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from shared.errors import TrueupError

_ARGUMENTS: Mapping[str, str] = {
    "bom_id": "BOM",
    "bom_ids": "--bom",
    "except_bom_ids": "--but",
    "location_id": "--location",
    "location_ids": "--location",
    "preview_id": "--preview",
    "job_id": "JOB",
    "schedule_id": "SCHEDULE",
    "run_id": "RUN",
    "inventory_item_id": "--item",
    "max_share": "--max-share",
    "max_move": "--max-move",
    "jobs_per_hour": "--jobs-per-hour",
    "time_zone": "--time-zone",
    "start": "--quiet-hours",
    "end": "--quiet-hours",
    "name": "--name",
    "at": "--at",
    "days": "--days",
    "expression": "--cron",
    "minute": "--minute",
    "since": "--since",
    "until": "--until",
    "count": "COUNT",
    "note": "--note",
    "text": "TEXT",
    "content": "FILE",
    "drift_ids": "--id",
    "search": "SEARCH",
}
"""Fields of requests by the arguments that fill them; one that is not here is named as the API names it."""

_HEADERS: Mapping[str, str] = {"header.Authorization": "TRUEUP_KEY: ", "header.Trueup-Shop": "--shop: "}

_MAX_TOLD = 5


class ApiUnavailable(TrueupError):
    """The API is away or busy; trying again may help."""


class ApiRefused(TrueupError):
    """The API refuses what was asked. `status` is the answer's, `kind` names the problem."""

    def __init__(self, status: int, kind: str, words: str) -> None:
        super().__init__(words)
        self.status = status
        self.kind = kind


class ApiFault(TrueupError):
    """The API has failed at what was asked: a fault of Trueup's own."""


def problem_of(status: int, document: Mapping[str, Any] | None) -> TrueupError:
    """The error that an answer stands for; `document` is None where it is no problem document."""
    if document is None:
        return ApiUnavailable(f"TRUEUP_URL: what answers there is no Trueup: it answered {status}")
    kind = str(document.get("type", "")).rpartition(":")[2]
    words = _words(document.get("errors") or (), str(document.get("detail", "")))
    if status == HTTPStatus.TOO_MANY_REQUESTS or status > HTTPStatus.INTERNAL_SERVER_ERROR:
        return ApiUnavailable(words)
    if status == HTTPStatus.INTERNAL_SERVER_ERROR:
        return ApiFault(words)
    return ApiRefused(status, kind, words)


def _words(errors: Sequence[Mapping[str, Any]], detail: str) -> str:
    told = [
        f"{_argument(str(error['field']))}{error['message']} {error['remedy']}".strip() for error in errors[:_MAX_TOLD]
    ]
    return "; ".join(told) or detail


def _argument(field: str) -> str:
    """The argument that a field comes from, with a colon; nothing where no argument does."""
    if field in {"body", "path"} or field.startswith("header."):
        return _HEADERS.get(field, "")
    name = field.rpartition(".")[2].partition("[")[0]
    if name.isdigit():
        name = field.rsplit(".", 2)[-2]
    return f"{_ARGUMENTS.get(name, field)}: "
