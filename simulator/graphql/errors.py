"""Errors that reach the client as GraphQL's top-level `errors`."""

from __future__ import annotations

from typing import Any

from graphql import Node, get_location


class RequestError(Exception):
    """The whole request is refused: `errors` without `data`."""

    def __init__(
        self,
        message: str,
        extensions: dict[str, Any] | None = None,
        locations: list[dict[str, int]] | None = None,
        path: list[str | int] | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.extensions = extensions
        self.locations = locations
        self.path = path

    def as_json(self) -> dict[str, Any]:
        """The error in Shopify's order of keys."""
        error: dict[str, Any] = {"message": self.message}
        rest = {"locations": self.locations, "extensions": self.extensions, "path": self.path}
        return error | {name: value for name, value in rest.items() if value is not None}


class FieldError(RequestError):
    """One field fails: it becomes null and the rest of the reply stands."""


def locations_of(*nodes: Node) -> list[dict[str, int]]:
    """Line and column of each node."""
    found = []
    for node in nodes:
        if node.loc is not None:
            place = get_location(node.loc.source, node.loc.start)
            found.append({"line": place.line, "column": place.column})
    return found
