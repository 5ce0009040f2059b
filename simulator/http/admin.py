"""The Admin API's HTTP side: access, faults, points, and the reply around what was executed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from aiohttp import web

from simulator.faults import Fault
from simulator.graphql.context import Context
from simulator.graphql.cost import MAXIMUM_QUERY_COST
from simulator.graphql.documents import Document, InvalidDocument, prepare
from simulator.graphql.errors import RequestError
from simulator.graphql.execute import Execution
from simulator.graphql.selections import root_type
from simulator.graphql.values import arguments_of, coerce_variables
from simulator.http.replies import SIMULATOR, Reply, broken, cut, date_header, send, throttled, too_dear, truncated
from simulator.mutations.keyed import idempotency_key
from simulator.settings import SUPPORTED_VERSIONS
from simulator.shop.calls import Call
from simulator.shop.idempotency import Attempt
from simulator.shop.stock import iso_utc
from simulator.simulation import Simulator, Tenant

# Shopify's status for a shop in this state, and the text of its answer.
REFUSALS: Final[dict[str, tuple[int, str]]] = {
    "frozen": (402, "Unavailable Shop"),
    "locked": (423, "Locked"),
    "forbidden": (403, "[API] This action requires merchant approval for the necessary access scope."),
}
_UNAUTHORIZED: Final = "[API] Invalid API key or access token (unrecognized login or wrong password)"


async def graphql(request: web.Request) -> web.StreamResponse:
    """`POST /{shop}/admin/api/{version}/graphql.json`."""
    simulator = request.app[SIMULATOR]
    tenant = simulator.tenants.get(request.match_info["shop"])
    version = request.match_info["version"]
    if tenant is None or version not in SUPPORTED_VERSIONS:
        return send(simulator, Reply({"errors": "Not Found"}, 404))
    call = _Call(simulator, tenant, version)
    refusal = call.refusal(request.headers.get("X-Shopify-Access-Token", ""))
    if refusal is not None:
        call.log(refusal)
        return send(simulator, refusal)
    return await call.serve(request)


class _BadBody(Exception):  # an answer to the client, not a failure of the program
    """The body is no GraphQL request: HTTP 400 with this text."""


class _Call:
    """One call of one shop."""

    def __init__(self, simulator: Simulator, tenant: Tenant, version: str) -> None:
        self.simulator = simulator
        self.tenant = tenant
        self.version = version
        self.number = simulator.next_request_number()
        self.operation = "(none)"

    def refusal(self, token: str) -> Reply | None:
        """Why the call is not let in."""
        if self.tenant.shop.status in REFUSALS:
            status, text = REFUSALS[self.tenant.shop.status]
            return Reply({"errors": text}, status, f"http_{status}")
        if not self.tenant.tokens.accepts(token, self.simulator.clock.now()):
            return Reply({"errors": _UNAUTHORIZED}, 401, "http_401")
        return None

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """Read, perhaps fail on demand, execute, answer."""
        raw = await request.read()
        try:
            document, variables = self._read(raw)
        except InvalidDocument as invalid:
            return self._answer(Reply({"errors": invalid.errors}, outcome="invalid_document"))
        except RequestError as error:
            return self._answer(Reply({"errors": [error.as_json()]}, outcome=_code(error)))
        except _BadBody as error:
            return self._answer(Reply({"errors": str(error)}, 400, "http_400"))
        fault = self.simulator.faults.next_for(self.tenant.shop.domain, document.root_fields)
        early = self._early_fault(request, fault)
        if early is not None:
            return early
        wait = self.simulator.faults.latency(self.tenant.shop.domain)
        if fault is not None and fault.kind == "latency":
            wait += fault.seconds
        reply = await self._execute(document, variables, wait, fault)
        return await self._late_fault(request, fault, reply) or self._answer(reply)

    async def _late_fault(self, request: web.Request, fault: Fault | None, reply: Reply) -> web.StreamResponse | None:
        """What a fault does to the answer of a call that was executed."""
        kind = None if fault is None else fault.kind
        if kind == "no_extensions":
            reply.body.pop("extensions", None)
        elif kind == "no_throttle_status":
            reply.body.get("extensions", {}).get("cost", {}).pop("throttleStatus", None)
        elif kind == "headers" and fault is not None:
            reply.headers |= fault.headers
        elif kind == "status_after" and fault is not None:
            late = Reply({"errors": fault.message}, fault.status, f"http_{fault.status}_after", headers=fault.headers)
            return self._answer(late)
        elif kind in ("reset_after", "truncate"):
            reply.outcome = kind
            self.log(reply)
            return cut(request) if kind == "reset_after" else await truncated(request, reply, self.simulator)
        return None

    def _read(self, raw: bytes) -> tuple[Document, dict[str, Any]]:
        try:
            body = json.loads(raw)
        except ValueError as error:
            raise _BadBody("Invalid JSON") from error
        if not isinstance(body, dict) or not isinstance(body.get("query"), str):
            raise _BadBody("Required parameter missing or invalid: query")
        given = body.get("variables")
        if given is not None and not isinstance(given, dict):
            raise _BadBody("variables must be an object")
        document = prepare(self.version, body["query"], body.get("operationName"))
        self.operation = ",".join(document.root_fields)
        return document, coerce_variables(document.schema, document.operation, given or {})

    def _early_fault(self, request: web.Request, fault: Fault | None) -> web.StreamResponse | None:
        """The answer of a fault that keeps the call from being executed."""
        if fault is None:
            return None
        if fault.kind == "reset_before":
            self.log(Reply({}, outcome="reset_before"))
            return cut(request)
        if fault.kind == "status":
            headers = {} if fault.retry_after is None else {"Retry-After": f"{fault.retry_after:g}"}
            headers |= fault.headers
            reply = Reply({"errors": fault.message}, fault.status, f"http_{fault.status}", headers=headers)
            return self._answer(reply)
        if fault.kind == "error":
            extensions = {} if fault.code is None else {"code": fault.code}
            body = {"errors": [{"message": fault.message, "extensions": extensions}]}
            return self._answer(Reply(body, outcome=fault.code or "error"))
        if fault.kind == "non_json":
            self.log(Reply({}, outcome="non_json"))
            headers = {"Date": date_header(self.simulator)}
            return web.Response(text="<html><body>Bad gateway</body></html>", content_type="text/html", headers=headers)
        return None

    async def _execute(self, document: Document, variables: dict[str, Any], wait: float, fault: Fault | None) -> Reply:
        points = self.simulator.open_points
        rows = _quantities(document, variables) * points.points_per_quantity
        requested = document.cost.requested(variables, points.nodes_cost_per_id) + rows
        bucket = self.tenant.shop.bucket
        if requested > MAXIMUM_QUERY_COST:
            return too_dear(requested)
        if (fault is not None and fault.kind == "throttled") or not bucket.take(requested, self.simulator.clock.now()):
            return throttled(requested, self._cost(requested, None))
        if fault is not None and fault.kind == "internal":
            self._reserve_keys(document, variables)
            self.tenant.keys.fail(self.number)
            return broken(requested)
        if wait > 0:
            self._reserve_keys(document, variables)
            await self.simulator.clock.sleep(wait)
        context = Context(self.simulator, self.tenant, self.version, self.number, self.simulator.clock.now(), variables)
        if fault is not None and fault.kind == "bulk_failed":
            context.bulk_failure = fault.code or "INTERNAL_SERVER_ERROR"
        try:
            data, errors = Execution(document, variables, context).run()
        except RequestError as error:
            bucket.give_back(requested)
            return Reply({"errors": [error.as_json()]}, outcome=_code(error))
        finally:
            self.tenant.keys.release(self.number)
        actual = document.cost.actual(data, variables, points.nodes_cost_per_id) + rows
        bucket.give_back(requested - actual)
        body: dict[str, Any] = {"errors": errors} if errors else {}
        body["data"] = data
        body["extensions"] = self._cost(requested, actual)
        return Reply(body, 200, _outcome(data, errors), requested, actual)

    def _reserve_keys(self, document: Document, variables: Mapping[str, Any]) -> None:
        """The keys of a mutation that waits are in flight meanwhile."""
        root = root_type(document.schema, document.operation)
        if not document.is_mutation:
            return
        for selected in document.selections.fields(root, document.operation.selection_set):
            name = selected.node.name.value
            key = idempotency_key(selected.node, variables)
            if key is not None:
                arguments = arguments_of(root.fields[name], selected.node, variables)
                self.tenant.keys.reserve(Attempt(key, name, arguments, self.number, self.simulator.clock.now()))

    def _cost(self, requested: int, actual: int | None) -> dict[str, Any]:
        return {
            "cost": {
                "requestedQueryCost": requested,
                "actualQueryCost": actual,
                "throttleStatus": self.tenant.shop.bucket.status(self.simulator.clock.now()),
            }
        }

    def _answer(self, reply: Reply) -> web.Response:
        self.log(reply)
        reply.headers.setdefault("X-Shopify-API-Version", self.version)
        return send(self.simulator, reply)

    def log(self, reply: Reply) -> None:
        """Note the call and how it ended."""
        at = iso_utc(self.simulator.clock.now())
        self.tenant.calls.add(
            Call(self.number, at, self.operation, reply.status, reply.outcome, reply.requested, reply.actual)
        )


def _quantities(document: Document, variables: Mapping[str, Any]) -> int:
    """How many quantities a mutation changes, for the open point of what they cost."""
    root = root_type(document.schema, document.operation)
    if not document.is_mutation:
        return 0
    total = 0
    for selected in document.selections.fields(root, document.operation.selection_set):
        given = arguments_of(root.fields[selected.node.name.value], selected.node, variables).get("input")
        if isinstance(given, dict):
            total += len(given.get("quantities") or given.get("changes") or ())
    return total


def _outcome(data: Mapping[str, Any], errors: list[dict[str, Any]]) -> str:
    if errors:
        return str(errors[0].get("extensions", {}).get("code", "error"))
    payloads = [value for value in data.values() if isinstance(value, dict)]
    return "user_errors" if any(payload.get("userErrors") for payload in payloads) else "ok"


def _code(error: RequestError) -> str:
    return str((error.extensions or {}).get("code", "error"))
