"""A plugin of pytest's: what each stage (a group of folders) took and which of its tests failed, as a file."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

FOLDERS: dict[str, tuple[str, ...]] = {
    "unit": ("tests/unit", "tests/simulator"),
    "contract": ("tests/contract",),
    "integration": ("tests/integration",),
    "browser": ("tests/browser",),
    "chaos": ("tests/chaos",),
}
"""The folders of each stage."""

REPORT_FILE = "TRUEUP_TEST_REPORT"
"""Names the file to be written; without it none is."""

_LINE = 200


class StageReport:
    """Gathers reports in the process that sees them all."""

    def __init__(self, path: Path) -> None:
        """Write to `path` at the end."""
        self._path = path
        self._tests: dict[str, set[str]] = {}
        self._seconds: dict[str, float] = {}
        self._failed: dict[str, dict[str, str]] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """One phase of one test."""
        stage = _stage_of(report.nodeid)
        self._tests.setdefault(stage, set()).add(report.nodeid)
        self._seconds[stage] = self._seconds.get(stage, 0.0) + report.duration
        if report.failed:
            self._failed.setdefault(stage, {}).setdefault(report.nodeid, _reason(report))

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """A file that could not be read is a failure of its stage."""
        if report.failed:
            stage = _stage_of(report.nodeid)
            self._tests.setdefault(stage, set())
            self._failed.setdefault(stage, {})[report.nodeid] = _reason(report)

    def pytest_sessionfinish(self) -> None:
        """Write the file."""
        figures: dict[str, dict[str, Any]] = {
            stage: {
                "tests": len(tests),
                "seconds": self._seconds.get(stage, 0.0),
                "failed": [f"{name}: {why}" for name, why in sorted(self._failed.get(stage, {}).items())],
            }
            for stage, tests in self._tests.items()
        }
        self._path.write_text(json.dumps(figures))


def register(config: pytest.Config) -> None:
    """Take part where a report is asked for, in the process that gathers what the others report."""
    path = os.environ.get(REPORT_FILE)
    if path is not None and not hasattr(config, "workerinput"):
        config.pluginmanager.register(StageReport(Path(path)))


def _stage_of(nodeid: str) -> str:
    found = (stage for stage, folders in FOLDERS.items() if nodeid.startswith(tuple(f"{one}/" for one in folders)))
    return next(found, "others")


def _reason(report: pytest.TestReport | pytest.CollectReport) -> str:
    crash = getattr(report.longrepr, "reprcrash", None)
    text = crash.message if crash is not None else str(report.longrepr).rstrip()
    lines = [line for line in text.splitlines() if line.strip()] or ["failed"]
    line = lines[0] if crash is not None else lines[-1]
    return line if len(line) <= _LINE else f"{line[:_LINE]}…"
