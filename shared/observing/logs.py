"""Logs: one JSON line per event on standard error, with shop, job and cell bound where they are known.

Every line goes through here, whoever says it: ours, a library's, Python's own about what nobody caught. No secret is
on any (`shared/observing/hiding.py`), and none grows with what was sent to us (`shared/observing/log_size.py`).
"""

from __future__ import annotations

import logging
import sys
import threading
from collections.abc import Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Any

import structlog
from structlog.types import EventDict, WrappedLogger

from shared.observing import tracing
from shared.observing.hiding import HIDDEN, MAX_READ, names_a_secret, without_secrets
from shared.observing.log_size import MAX_ITEMS, bounded

if TYPE_CHECKING:
    from sys import UnraisableHookArgs

_MAX_DEPTH = 6
_OF_THE_FORMATTER = ("_record", "_from_structlog")
"""What structlog keeps beside a library's line until it is printed."""


def hidden(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """No secret leaves the process: by its name, by its value, or by its form, however deep it lies."""
    for name in list(event):
        if name in _OF_THE_FORMATTER:
            continue
        shown = without_secrets(name)
        event[shown] = _hidden(name, event.pop(name), 0)
    return event


def _hidden(name: str, value: Any, depth: int) -> Any:
    if names_a_secret(name) and not isinstance(value, bool | int | float | None):
        return HIDDEN
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, str):
        return without_secrets(value, keep_end=name == "exception")
    if depth < _MAX_DEPTH and isinstance(value, Mapping):
        first = zip(range(MAX_ITEMS + 1), value.items(), strict=False)
        kept = {without_secrets(str(key)): _hidden(str(key), item, depth + 1) for _, (key, item) in first}
        return kept if len(value) <= MAX_ITEMS + 1 else kept | {"…": f"{len(value)} in all"}
    if depth < _MAX_DEPTH and isinstance(value, list | tuple | set | frozenset):
        kept_items = [_hidden("", item, depth + 1) for _, item in zip(range(MAX_ITEMS), value, strict=False)]
        return [*kept_items, f"… and {len(value) - MAX_ITEMS} more"] if len(value) > MAX_ITEMS else kept_items
    if isinstance(value, bytes | bytearray):
        return without_secrets(repr(bytes(value[:MAX_READ])))
    try:
        # Shown as text here: whatever is left to the last step is looked at by nobody.
        return without_secrets(str(value) if not isinstance(value, BaseException) else repr(value))
    except Exception:  # noqa: BLE001  # a line must not fail over an object that cannot be shown
        return f"a {type(value).__name__} that cannot be shown"


def _trace(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """Where traces are kept, a line names the one it belongs to."""
    if (trace_id := tracing.trace_id()) is not None:
        event["trace_id"] = trace_id
    return event


class _Lines(logging.StreamHandler[Any]):
    """A line that cannot be made is reported by its logger; the standard library would print its parts as they are."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802  # the standard library's name
        """Say that there was one."""
        kind = sys.exc_info()[0]
        structlog.get_logger().error("line_not_written", logger=record.name, error=kind.__name__ if kind else None)


def configure_logs(service: str, level: str) -> None:
    """Set up structlog, and the standard library's logging through it, for one service."""
    processors: list[structlog.types.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _trace,
        structlog.processors.StackInfoRenderer(),
        structlog.processors.format_exc_info,
        hidden,
        bounded,
    ]
    structlog.configure(
        processors=[*processors, structlog.processors.JSONRenderer()],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    handler = _Lines(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=processors,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(),
            ],
        )
    )
    # A library's warning is a line as well, not text between the lines.
    logging.captureWarnings(capture=True)
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level.upper() if level != "debug" else "INFO")
    # It says of each failed connection what aio-pika, or the error at the start, says better.
    logging.getLogger("aiormq").setLevel(logging.CRITICAL)
    _catch_the_last()
    structlog.contextvars.bind_contextvars(service=service)


def _catch_the_last() -> None:
    """What nobody caught is a line, too: Python would print it as it is."""
    log = structlog.get_logger()

    def uncaught(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        log.critical("uncaught", exc_info=(kind, error, trace))

    def in_thread(arguments: threading.ExceptHookArgs) -> None:
        if arguments.exc_value is not None:
            uncaught(arguments.exc_type, arguments.exc_value, arguments.exc_traceback)

    def unraisable(arguments: UnraisableHookArgs) -> None:
        if arguments.exc_value is not None:
            log.error("ignored", exc_info=(arguments.exc_type, arguments.exc_value, arguments.exc_traceback))

    sys.excepthook = uncaught
    threading.excepthook = in_thread
    sys.unraisablehook = unraisable
