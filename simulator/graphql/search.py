"""The part of Shopify's search syntax that the connections understand: `field:value`, comparisons, AND, OR, NOT."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Final

Reader = Callable[[Any], Any]
Match = Callable[[Any], bool]

_TERM: Final = re.compile(
    r"""(?P<not>-|NOT\s+)?(?P<name>\w+):(?P<op><=|>=|<|>)?(?:'(?P<single>[^']*)'|"(?P<double>[^"]*)"|(?P<bare>\S+))"""
)
_OPERATORS: Final[dict[str, Callable[[Any, Any], bool]]] = {
    "": operator.eq,
    "<=": operator.le,
    ">=": operator.ge,
    "<": operator.lt,
    ">": operator.gt,
}


def matcher(query: str | None, readers: Mapping[str, Reader]) -> Match | None:
    """A test for each node, or None where everything matches. A field that is not known is ignored, as Shopify does."""
    if not query or not query.strip():
        return None
    groups = [_group(part, readers) for part in re.split(r"\s+OR\s+", query)]
    known = [group for group in groups if group]
    if not known:
        return None
    return lambda node: any(all(term(node) for term in group) for group in known)


def _group(text: str, readers: Mapping[str, Reader]) -> list[Match]:
    terms = []
    for found in _TERM.finditer(text):
        reader = readers.get(found["name"])
        if reader is not None:
            value = next(v for v in (found["single"], found["double"], found["bare"]) if v is not None)
            terms.append(_term(reader, found["op"], value.strip("()"), negated=found["not"] is not None))
    return terms


def _term(reader: Reader, comparison: str | None, value: str, *, negated: bool) -> Match:
    compare = _OPERATORS[comparison or ""]

    def matches(node: Any) -> bool:
        held = reader(node)
        if isinstance(held, list):
            return (value.lower() in [str(item).lower() for item in held]) is not negated
        wanted = _as_kind_of(held, value)
        if held is None or wanted is None:
            return negated
        if isinstance(held, str) and value.endswith("*") and comparison is None:
            return held.lower().startswith(value[:-1].lower()) is not negated
        return compare(held.lower() if isinstance(held, str) else held, wanted) is not negated

    return matches


def _as_kind_of(held: Any, value: str) -> Any:
    if isinstance(held, bool):
        return value.lower() == "true"
    if isinstance(held, int):
        return int(value) if value.lstrip("-").isdigit() else None
    if isinstance(held, datetime):
        return moment(value)
    return value.lower()


def moment(text: str) -> datetime | None:
    """A time in a query, UTC where it names no zone; None where it is none. Seconds are the finest step."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).replace(microsecond=0)
