"""One JSON document, as `--json` prints it: what the API answers, lists as they are read."""

from __future__ import annotations

import json
import sys
from collections.abc import AsyncIterator, Mapping
from datetime import datetime
from typing import Any, TextIO

from services.command_line.terminal.printable import escaped


def encoded(value: Any, *, indent: int | None = 2) -> str:
    """The JSON text, without signs that act on a terminal."""
    return escaped(json.dumps(value, indent=indent, ensure_ascii=False, default=_plain_value))


def print_json(value: Any, stream: TextIO | None = None) -> None:
    """Print one document."""
    print(encoded(value), file=stream or sys.stdout)


async def print_with_lists(document: Mapping[str, Any]) -> None:
    """Print one document; lists in it that are still to be read are written as they come, however long they are."""
    await _write(document, "")
    sys.stdout.write("\n")


async def _write(value: Any, pad: str) -> None:
    within = f"{pad}  "
    if isinstance(value, AsyncIterator):
        before = "["
        async for row in value:
            sys.stdout.write(f"{before}\n{within}{encoded(row, indent=None)}")
            before = ","
        sys.stdout.write("[]" if before == "[" else f"\n{pad}]")
    elif callable(value):
        await _write(value(), pad)
    elif isinstance(value, Mapping) and _has_lists(value):
        before = "{"
        for name, field in value.items():
            sys.stdout.write(f"{before}\n{within}{encoded(name)}: ")
            await _write(field, within)
            before = ","
        sys.stdout.write(f"\n{pad}}}")
    else:
        sys.stdout.write(encoded(value).replace("\n", f"\n{pad}"))


def _has_lists(value: Mapping[str, Any]) -> bool:
    return any(
        isinstance(field, AsyncIterator) or callable(field) or (isinstance(field, Mapping) and _has_lists(field))
        for field in value.values()
    )


def _plain_value(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} is no value of a JSON document")
