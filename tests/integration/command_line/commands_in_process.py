"""The command line in the test's own process: the whole command, without the half second that a process costs.

A command runs in a thread with an event loop of its own, so that services of the test may work for it meanwhile. It
sees the environment, the standard input and the two outputs that a process would: what is printed in the command's
context is its own, all else goes where it went before. Warnings are errors in it as everywhere in a test run.
"""

from __future__ import annotations

import asyncio
import io
import logging
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from contextvars import ContextVar, copy_context
from dataclasses import dataclass, field
from typing import Any, TextIO
from unittest import mock

import structlog
from pymongo.errors import PyMongoError

from services.command_line import main
from shared.mongodb.connection import Mongo
from shared.observing import logs
from tests.waiting import arrival, writes_to

_ONE_AT_A_TIME = threading.Lock()
_ERROR = logging.ERROR


@dataclass
class Run:
    """One run of the command: what it prints, and with which exit code it ended."""

    code: int = -1
    is_terminal: bool = False
    out: io.StringIO = field(default_factory=io.StringIO)
    err: io.StringIO = field(default_factory=io.StringIO)

    @property
    def output(self) -> str:
        """Standard output."""
        return self.out.getvalue()

    @property
    def errors(self) -> str:
        """Standard error."""
        return self.err.getvalue()


_present: ContextVar[Run | None] = ContextVar("the command that runs in this context", default=None)


class _Shared(io.TextIOBase):
    """A standard stream of the process: a command's words go to the command, all others on to where they went."""

    encoding = "utf-8"

    def __init__(self, others: TextIO, of_command: Callable[[Run], TextIO]) -> None:
        self._others = others
        self._of_command = of_command

    def _target(self) -> TextIO:
        present = _present.get()
        return self._others if present is None else self._of_command(present)

    def write(self, text: str) -> int:
        """Print, in whose name it is."""
        return self._target().write(text)

    def flush(self) -> None:
        """Pass on what is kept."""
        self._target().flush()

    def writable(self) -> bool:
        """It is for printing."""
        return True

    def isatty(self) -> bool:
        """A script's output is no terminal; what a person looks at is."""
        present = _present.get()
        return present is not None and present.is_terminal


def _only_errors(_: object, method: str, event: structlog.types.EventDict) -> structlog.types.EventDict:
    """A command logs its errors alone, and on standard error; what others log goes its way."""
    present = _present.get()
    if present is None:
        return event
    if logging.getLevelNamesMapping()[method.upper()] >= _ERROR:
        present.err.write(f"{event}\n")
    raise structlog.DropEvent


@contextmanager
def _as_in_a_process(environment: Mapping[str, str], words: str) -> Iterator[None]:
    """The surroundings of a command's process; everything is afterwards as it was."""
    known = {name: value for name, value in os.environ.items() if not name.startswith("TRUEUP_")}
    root = logging.getLogger()
    level, processors = root.level, structlog.get_config()["processors"]
    with (
        mock.patch.dict(os.environ, known | dict(environment), clear=True),
        mock.patch.object(sys, "stdin", io.StringIO(words)),
        mock.patch.object(sys, "stdout", _Shared(sys.stdout, lambda run: run.out)),
        mock.patch.object(sys, "stderr", _Shared(sys.stderr, lambda run: run.err)),
        # The logs of the test's services stay as they are: `_only_errors` stands for the command's own set-up.
        mock.patch.object(logs, "configure_logs"),
    ):
        # In place: loggers of services that run already hold this list.
        processors.insert(0, _only_errors)
        try:
            yield
        finally:
            processors.remove(_only_errors)
            root.setLevel(level)


def _to_its_end(run: Run, arguments: Sequence[str], environment: Mapping[str, str], words: str) -> None:
    _present.set(run)
    with _ONE_AT_A_TIME, _as_in_a_process(environment, words):
        try:
            main.run(arguments)
            run.code = 0
        except SystemExit as ended:
            run.code = _exit_code(ended.code)


def _exit_code(code: Any) -> int:
    # As the interpreter takes it.
    return 0 if code is None else int(code)


async def run_here(
    arguments: Sequence[str], environment: Mapping[str, str], words: str = "", *, columns: int | None = None
) -> Run:
    """Run the command to its end; commands asked for at once run one after the other. `columns`: of a terminal.

    Raises StandsStill where neither it nor what it waits for moves any more, and what no command lets through.
    """
    loop = asyncio.get_running_loop()
    over: asyncio.Future[None] = loop.create_future()
    run = Run(is_terminal=columns is not None)
    if columns is not None:
        environment = {**environment, "COLUMNS": str(columns), "TERM": "xterm", "NO_COLOR": "1"}

    def work() -> None:
        failure: BaseException | None = None
        try:
            copy_context().run(_to_its_end, run, list(arguments), environment, words)
        except BaseException as error:  # noqa: BLE001  # whatever it is, the test must see it
            failure = error
        loop.call_soon_threadsafe(_settle, over, failure)

    thread = threading.Thread(target=work, name="trueup " + " ".join(arguments), daemon=True)
    thread.start()
    moves = _Moves(run, thread, environment)
    try:
        await arrival(over, what=thread.name, progress=moves.seen)
    finally:
        moves.close()
    return run


class _Moves:
    """What shows that a command goes on: its words, its own processor time, and what is written for it meanwhile."""

    def __init__(self, run: Run, thread: threading.Thread, environment: Mapping[str, str]) -> None:
        self._run = run
        self._thread = thread
        self._environment = environment
        self._mongo: Mongo | None = None

    async def seen(self) -> object:
        """The measure. MongoDB is looked at only for a command that has not ended at the first look."""
        written: object = None
        if "TRUEUP_MONGODB_URI" not in self._environment:
            return len(self._run.output), len(self._run.errors), self._seconds(), written  # asked over HTTP
        if self._mongo is None:
            self._mongo = Mongo(self._environment["TRUEUP_MONGODB_URI"], self._environment["TRUEUP_MONGODB_DATABASE"])
        with suppress(PyMongoError):  # a store that is away, or lets the command's user not look, shows nothing
            written = await writes_to(self._mongo.db)()  # type: ignore[misc]  # this measure is one to be awaited
        return len(self._run.output), len(self._run.errors), self._seconds(), written

    def _seconds(self) -> int:
        if self._thread.ident is None or not self._thread.is_alive():
            return -1
        return int(time.clock_gettime(time.pthread_getcpuclockid(self._thread.ident)))

    def close(self) -> None:
        """Look no more."""
        if self._mongo is not None:
            self._mongo.close()


def _settle(over: asyncio.Future[None], failure: BaseException | None) -> None:
    if over.done():
        return  # nobody waits any more
    if failure is None:
        over.set_result(None)
    else:
        over.set_exception(failure)
