"""Logs: one JSON line per event on standard error, with shop, job and cell bound where they are known."""

from __future__ import annotations

import logging
import sys

import structlog
from structlog.types import EventDict, WrappedLogger

from shared import tracing
from shared.log_size import bounded

_SECRET_WORDS = ("token", "secret", "password", "authorization", "hmac")


def _mask(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """A last net: a value under a name that sounds secret never leaves the process."""
    for key in event:
        if any(word in key.lower() for word in _SECRET_WORDS):
            event[key] = "***"
    return event


def _trace(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """Where traces are kept, a line names the one it belongs to."""
    if (trace_id := tracing.trace_id()) is not None:
        event["trace_id"] = trace_id
    return event


def configure_logs(service: str, level: str) -> None:
    """Set up structlog, and the standard library's logging through it, for one service."""
    processors: list[structlog.types.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _trace,
        structlog.processors.format_exc_info,
        _mask,
        bounded,
    ]
    structlog.configure(
        processors=[*processors, structlog.processors.JSONRenderer()],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
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
    structlog.contextvars.bind_contextvars(service=service)
