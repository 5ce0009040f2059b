"""Runs stages of the test run: `python -m tests.run [--full] STAGE... [options of pytest]`.

All pytest stages are one pytest run, on one RabbitMQ and one MongoDB that are started here and end with this process.
`types` runs beside it. Every stage runs, also after one has failed; the exit code tells whether any did. At the end:
the stages with their times, each failed test on a line, where the logs are, and the command that runs just those again.
"""

from __future__ import annotations

import contextlib
import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TextIO

from deploy.local.errors import LocalNodeError
from deploy.local.nodes import LocalNodes
from deploy.local.run_directory import RUN_DIRECTORY, make_run_directory
from tests.backends.backend import LOCAL, SERVERS_OF_THE_RUN, SharedServers
from tests.backends.server_logs import SERVER_LOGS, keep_logs
from tests.stage_report import FOLDERS, REPORT_FILE

PROJECT = Path(__file__).resolve().parents[1]
BIN = PROJECT / ".venv" / "bin"
TOOLS = {
    "lint": [[str(BIN / "ruff"), "check", "."], [str(BIN / "ruff"), "format", "--check", "."]],
    "types": [[str(BIN / "mypy"), "shared", "services", "simulator", "deploy", "benchmarks", "tests"]],
    "imports": [[str(BIN / "lint-imports"), "--no-logo", "--cache-dir", ".cache/import-linter"]],
}
STAGES = (*TOOLS, *FOLDERS)
OUTPUT = RUN_DIRECTORY / "tests.log"

_WITHOUT_SERVERS = {"unit"}
_NO_TESTS = 5
"""pytest's exit code where a choice matches nothing."""


@dataclass
class StageOutcome:
    """How a stage ended. `tests` is None for a stage that has none; seconds are those of its tests, added up."""

    name: str
    passed: bool
    seconds: float
    tests: int | None = None
    failed: list[str] = field(default_factory=list)

    def line(self) -> str:
        """A line of the table."""
        tests = "" if self.tests is None else f"{self.tests:5} tests"
        return f"  {self.name:12} {'passed' if self.passed else 'FAILED'}  {self.seconds:6.1f} s  {tests}"


class Run:
    """One run of some stages."""

    def __init__(self, stages: Sequence[str], options: Sequence[str], *, full: bool) -> None:
        self._tools = [stage for stage in stages if stage in TOOLS]
        self._folders = [stage for stage in stages if stage in FOLDERS]
        self._options = list(options)
        self._full = full
        self._outcomes: list[StageOutcome] = []
        self._began = time.monotonic()  # printed, not judged

    def run(self) -> int:
        """Run them; returns the exit code."""
        shutil.rmtree(SERVER_LOGS, ignore_errors=True)
        RUN_DIRECTORY.mkdir(exist_ok=True)
        beside = "types" if self._folders and "types" in self._tools else None
        with _tool(beside) as finish, self._servers() as environment:
            for stage in self._tools:
                if stage != beside:
                    with _tool(stage) as finish_now:
                        self._outcomes += finish_now()
            code = self._pytest(environment) if self._folders else 0
            self._outcomes += finish()
        return self._report(code)

    @contextlib.contextmanager
    def _servers(self) -> Iterator[dict[str, str]]:
        """The environment of pytest, with the servers of this run in it where its stages need any."""
        # Compiled once and kept, test files included: several processes load them all.
        environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
        wanted = set(self._folders) - _WITHOUT_SERVERS
        given = "TRUEUP_AMQP_URL" in environment or "TRUEUP_MONGODB_URI" in environment
        if not wanted or given or environment.get("TRUEUP_TEST_BACKEND", LOCAL) != LOCAL:
            yield environment
            return
        folder = make_run_directory("tests", in_memory=True)
        try:
            with LocalNodes(folder) as nodes:
                assert nodes.rabbitmq is not None
                metrics = nodes.rabbitmq.prometheus_url.removesuffix("/metrics")
                servers = SharedServers(nodes.amqp_url, nodes.management_url, metrics, nodes.mongodb_uri)
                yield environment | {SERVERS_OF_THE_RUN: servers.encoded()}
        finally:
            keep_logs(folder)
            shutil.rmtree(folder, ignore_errors=True)

    def _pytest(self, environment: dict[str, str]) -> int:
        paths = [path for stage in self._folders for path in FOLDERS[stage] if (PROJECT / path).is_dir()]
        # More than half of the time of a test is waiting, so two processes for each processor.
        processes = 2 * len(os.sched_getaffinity(0))
        command = [sys.executable, "-m", "pytest", *paths, "-n", str(processes), "--dist", "worksteal"]
        command += ["-m", "full"] if self._full else []
        _say(f"--- {', '.join(self._folders)}")
        report = RUN_DIRECTORY / "tests.json"
        report.unlink(missing_ok=True)
        started = subprocess.Popen(
            [*command, *self._options],
            env=environment | {REPORT_FILE: str(report)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        with OUTPUT.open("wb") as kept, _ended(started) as process:
            assert process.stdout is not None
            # As it comes: dots tell how far it is.
            while part := os.read(process.stdout.fileno(), 65536):
                kept.write(part)
                sys.stdout.buffer.write(part)
                sys.stdout.flush()
            code = process.wait()
        self._outcomes += _stages_of(json.loads(report.read_text()) if report.exists() else {}, self._folders)
        # A choice that matches nothing is a mistake; a full form that no test of a stage has is none.
        return 0 if code == _NO_TESTS and self._full and not self._options else code

    def _report(self, code: int) -> int:
        ok = code == 0 and all(outcome.passed for outcome in self._outcomes)
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        cpu, wall = used.ru_utime + used.ru_stime, time.monotonic() - self._began  # printed, not judged
        lines = ["", "stages (of tests: seconds of test time, several run at once):"]
        lines += [outcome.line() for outcome in self._outcomes]
        processors = len(os.sched_getaffinity(0))
        word = "passed" if ok else "FAILED"
        lines.append(f"  in all       {word}  {wall:6.1f} s  {cpu / 60:.1f} minutes of CPU, {processors} processors")
        failed = [line for outcome in self._outcomes for line in outcome.failed]
        if failed:
            lines += ["", f"failed tests ({len(failed)}):", *(f"  {line}" for line in failed)]
            lines += [
                "",
                f"their output: {OUTPUT.relative_to(PROJECT)}",
                f"servers' logs: {SERVER_LOGS.relative_to(PROJECT)}/",
            ]
            lines += ["run just these again: make failed"]
        elif not ok:
            tools = [outcome.name for outcome in self._outcomes if not outcome.passed]
            lines += ["", f"run again: make {' '.join(tools)}" if tools else f"pytest ended with {code}: see above"]
        _say("\n".join(lines))
        return 0 if ok else 1


def _say(text: str, stream: TextIO = sys.stdout) -> None:
    stream.write(f"{text}\n")
    stream.flush()


@contextlib.contextmanager
def _ended(process: subprocess.Popen[bytes]) -> Iterator[subprocess.Popen[bytes]]:
    """See to it that the process has ended, whatever happens: as after Ctrl-C, so that it ends what it started."""
    try:
        yield process
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
        process.wait()


@contextlib.contextmanager
def _tool(stage: str | None) -> Iterator[Callable[[], list[StageOutcome]]]:
    """Start a tool's commands. What is handed out waits for their end, prints what they said, returns the outcome."""
    if stage is None:
        yield list
        return
    started = [
        subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        for command in TOOLS[stage]
    ]
    with ThreadPoolExecutor() as threads:
        # Their ends are awaited beside everything else, so that the time told is theirs.
        ends = [threads.submit(_output_of, process) for process in started]

        def finish() -> list[StageOutcome]:
            said, seconds = zip(*(end.result() for end in ends), strict=True)
            _say(f"--- {stage}\n{''.join(said).rstrip()}")
            passed = all(process.returncode == 0 for process in started)
            return [StageOutcome(stage, passed, max(seconds))]

        try:
            yield finish
        finally:
            for process in started:
                if process.poll() is None:
                    process.kill()


def _output_of(process: subprocess.Popen[bytes]) -> tuple[str, float]:
    """What it said until its end, and how many seconds that took."""
    began = time.monotonic()  # printed, not judged
    said = process.communicate()[0].decode()
    return said, time.monotonic() - began  # printed, not judged


def _stages_of(report: dict[str, Any], folders: Sequence[str]) -> list[StageOutcome]:
    return [
        StageOutcome(stage, not figures["failed"], figures["seconds"], figures["tests"], figures["failed"])
        for stage in folders
        if (figures := report.get(stage)) is not None
    ]


def main(words: Sequence[str]) -> int:
    """Run the command line; returns the exit code."""
    full = "--full" in words
    rest = [word for word in words if word != "--full"]
    stages: list[str] = []
    while rest and rest[0] in STAGES:
        stages.append(rest.pop(0))
    if not stages:
        _say(f"tests.run: name a stage: {' '.join(STAGES)}", sys.stderr)
        return 2
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        return Run(stages, rest, full=full).run()
    except LocalNodeError as error:
        _say(f"trueup: {error}", sys.stderr)
        return 1
    except KeyboardInterrupt:
        _say("\ntests.run: stopped; every server that it started has ended", sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
