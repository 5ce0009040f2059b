"""A row of the support matrix: what one run found, and how its tests ended."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path

ROWS_FILE = Path(__file__).with_name("rows.json")

SHOPIFY_VERSIONS = ("2026-04", "2026-07", "2026-10")
"""Those that the tests name; a test counts for each whose name stands in its own."""

_SHOWN = 20
"""Of what failed, by name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SupportRow:
    """One run. `shopify`: tests that passed, by the version of Shopify's API that they name, against the simulator."""

    date: str
    commit: str
    system: str
    python: str
    rabbitmq: str
    erlang: str
    mongodb: str
    mongodb_members: int
    libraries: dict[str, str]
    subset: list[str]
    passed: int
    failed: int
    skipped: int
    failures: list[str]
    shopify: dict[str, int]

    @property
    def of(self) -> tuple[str, str, str]:
        """What it speaks of: a later run with the same takes its place."""
        return self.python, self.rabbitmq, f"{self.mongodb}/{self.mongodb_members}"


@dataclass(frozen=True, slots=True)
class Outcomes:
    """How the tests of a run ended."""

    passed: int
    failed: int
    skipped: int
    failures: list[str]
    shopify: dict[str, int]


def outcomes(report: Path) -> Outcomes:
    """Those of a report in JUnit's form, as pytest writes it."""
    ends: Counter[str] = Counter()
    failures: list[str] = []
    shopify: Counter[str] = Counter()
    for case in ET.parse(report).getroot().iter("testcase"):  # noqa: S314  # written by our own run
        name = f"{case.get('classname', '')}::{case.get('name', '')}"
        if case.find("failure") is not None or case.find("error") is not None:
            ends["failed"] += 1
            failures.append(name)
        elif case.find("skipped") is not None:
            ends["skipped"] += 1
        else:
            ends["passed"] += 1
            shopify.update(version for version in SHOPIFY_VERSIONS if version in name)
    named = {version: shopify[version] for version in SHOPIFY_VERSIONS}
    return Outcomes(ends["passed"], ends["failed"], ends["skipped"], sorted(failures)[:_SHOWN], named)


def kept_rows(file: Path = ROWS_FILE) -> list[SupportRow]:
    """All rows, by Python, RabbitMQ and MongoDB."""
    return [SupportRow(**row) for row in json.loads(file.read_text(encoding="utf-8"))] if file.exists() else []


def keep(row: SupportRow, file: Path = ROWS_FILE) -> None:
    """Write a row down, in the place of an earlier one of the same versions."""
    rows = sorted([*(one for one in kept_rows(file) if one.of != row.of), row], key=_order)
    file.write_text(json.dumps([asdict(one) for one in rows], indent=2) + "\n", encoding="utf-8")


def _order(row: SupportRow) -> list[list[int]]:
    return [_numbers(row.rabbitmq), _numbers(row.mongodb), [row.mongodb_members], _numbers(row.python)]


def _numbers(version: str) -> list[int]:
    return [int(part) for part in version.split(".") if part.isdigit()]
