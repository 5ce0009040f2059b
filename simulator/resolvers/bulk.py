"""bulkOperationRunQuery, bulkOperationCancel and the operations themselves."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from simulator.graphql.bulk import AT_ONCE, CANCELING, BulkOperation
from simulator.graphql.bulk_query import lines_of, refusals
from simulator.graphql.connections import by_id, window
from simulator.graphql.context import Context
from simulator.graphql.documents import InvalidDocument, prepare
from simulator.graphql.errors import RequestError
from simulator.graphql.execute import Execution
from simulator.resolvers.common import items_by_key
from simulator.resolvers.registry import attribute, constant, fields
from simulator.shop.shop import gid, number_of
from simulator.shop.stock import iso_utc
from simulator.webhooks.deliveries import Message
from simulator.webhooks.times import local_time

_Arguments = Mapping[str, Any]


def _run(_source: None, context: Context, arguments: _Arguments) -> dict[str, Any]:
    bulk = context.tenant.bulk
    if len(bulk.running(context.now)) >= AT_ONCE:
        ids = ", ".join(gid("BulkOperation", one.id) for one in bulk.running(context.now))
        message = f"A bulk query operation for this app and shop is already in progress: {ids}."
        # It is no fault of the query's: the error names no field.
        error = {"field": None, "message": message, "code": "OPERATION_IN_PROGRESS"}
        return {"bulkOperation": None, "userErrors": [error]}
    text = arguments["query"]
    found = refusals(text)
    if found:
        return _refused([(message, "INVALID") for message in found])
    try:
        document = prepare(context.version, text, None)
    except InvalidDocument as invalid:
        return _refused([(f"Invalid bulk query: {error['message']}", "INVALID") for error in invalid.errors])
    inner = Context(
        context.simulator, context.tenant, context.version, context.request_no, context.now, {}, unbounded=True
    )
    try:
        data, errors = Execution(document, {}, inner).run()
    except RequestError as error:
        return _refused([(f"Invalid bulk query: {error.message}", "INVALID")])
    if errors:
        return _refused([(f"Invalid bulk query: {error['message']}", "INVALID") for error in errors])
    lines, roots = lines_of(data, grouped=bool(arguments.get("groupObjects")))
    number = context.tenant.shop.numbers.fresh("BulkOperation")
    operation = BulkOperation(number, text, context.now, lines, roots, failure=context.bulk_failure)
    bulk.operations[number] = operation
    context.tenant.webhooks.emit_after(
        (operation.finished_at - context.now).total_seconds(),
        lambda: None if operation.cancelled_at else _finish(context, operation, operation.finished_at),
    )
    return {"bulkOperation": operation, "userErrors": []}


def _finish(context: Context, operation: BulkOperation, at: datetime) -> Message:
    """`bulk_operations/finish`: sent once, however the operation ended."""
    body = {
        "admin_graphql_api_id": gid("BulkOperation", operation.id),
        "completed_at": local_time(context.tenant.shop, at),
        "created_at": local_time(context.tenant.shop, operation.created_at),
        "error_code": None if operation.failure is None else operation.failure.lower(),
        "status": operation.status(at).lower(),
        "type": "query",
    }
    return "bulk_operations/finish", body, at, str(uuid.uuid4())


def _refused(errors: list[tuple[str, str]]) -> dict[str, Any]:
    listed = [{"field": ["query"], "message": message, "code": code} for message, code in errors]
    return {"bulkOperation": None, "userErrors": listed}


def _cancel(_source: None, context: Context, arguments: _Arguments) -> dict[str, Any]:
    operation = _operation(None, context, arguments)
    if operation is None:
        error = {"field": ["id"], "message": "Bulk operation does not exist"}
        return {"bulkOperation": None, "userErrors": [error]}
    if operation in context.tenant.bulk.running(context.now):
        if operation.cancelled_at is None:
            operation.cancelled_at = context.now
            context.tenant.webhooks.emit_after(
                CANCELING.total_seconds(), lambda: _finish(context, operation, operation.ended_at)
            )
        return {"bulkOperation": operation, "userErrors": []}
    message = f"A bulk operation cannot be canceled when it is {operation.status(context.now).lower()}"
    return {"bulkOperation": operation, "userErrors": [{"field": None, "message": message}]}


def _operation(_source: None, context: Context, arguments: _Arguments) -> BulkOperation | None:
    return context.tenant.bulk.operations.get(number_of(arguments["id"], "BulkOperation") or "")


def _operations(_source: None, context: Context, arguments: _Arguments) -> Any:
    return window(sorted(context.tenant.bulk.operations.values(), key=by_id), arguments)


def _finished(operation: BulkOperation, context: Context) -> bool:
    return operation.status(context.now) == "COMPLETED"


def _ended(operation: BulkOperation, context: Context) -> bool:
    return operation.status(context.now) in ("COMPLETED", "FAILED")


def _count(operation: BulkOperation, total: int, context: Context) -> int:
    """Objects so far: none while the query is only created (recorded), or has failed."""
    if operation.status(context.now) in ("CREATED", "FAILED"):
        return 0
    return operation.counted(total, context.now)


def _url(operation: BulkOperation, context: Context, _arguments: _Arguments) -> str | None:
    if not _finished(operation, context) or not operation.lines:
        return None
    return f"{context.simulator.url}/{context.tenant.shop.domain}/bulk/{operation.id}.jsonl"


fields(
    "QueryRoot",
    {"bulkOperation": _operation, "bulkOperations": _operations},
)
fields("Mutation", {"bulkOperationRunQuery": _run, "bulkOperationCancel": _cancel})
fields("BulkOperationRunQueryPayload", items_by_key(("bulkOperation", "userErrors")))
fields("BulkOperationCancelPayload", items_by_key(("bulkOperation", "userErrors")))
fields("BulkOperationUserError", items_by_key(("field", "message", "code")))
fields(
    "BulkOperation",
    {
        "id": lambda one, _c, _a: gid("BulkOperation", one.id),
        "status": lambda one, context, _a: one.status(context.now),
        "type": constant("QUERY"),
        "errorCode": lambda one, context, _a: one.failure if one.status(context.now) == "FAILED" else None,
        "createdAt": lambda one, _c, _a: iso_utc(one.created_at),
        "completedAt": lambda one, context, _a: iso_utc(one.finished_at) if _ended(one, context) else None,
        "objectCount": lambda one, context, _a: str(_count(one, len(one.lines), context)),
        "rootObjectCount": lambda one, context, _a: str(_count(one, one.roots, context)),
        "fileSize": lambda one, context, _a: str(len(one.text().encode())) if _finished(one, context) else None,
        "url": _url,
        "partialDataUrl": constant(None),
        "query": attribute("query"),
    },
    BulkOperation,
)
