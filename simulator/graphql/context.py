"""What a resolver may know of the request it works for."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from graphql import FieldNode, OperationDefinitionNode

if TYPE_CHECKING:
    from simulator.simulation import Simulator, Tenant


@dataclass(slots=True)
class Context:
    """One request. `root` is the root field being executed."""

    simulator: Simulator
    tenant: Tenant
    version: str
    request_no: int
    now: datetime
    variables: dict[str, object]
    unbounded: bool = False  # a bulk query: connections have no page size
    bulk_failure: str | None = None  # a bulk query started here ends as FAILED with this code
    root: FieldNode = field(init=False)
    operation: OperationDefinitionNode = field(init=False)

    def enter(self, root: FieldNode, operation: OperationDefinitionNode) -> None:
        """Note the root field that is about to run."""
        self.root = root
        self.operation = operation
