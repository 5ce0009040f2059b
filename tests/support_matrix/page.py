"""The page of the support matrix, made of the rows."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from deploy.reference.markdown import table
from tests.support_matrix.row import SHOPIFY_VERSIONS, SupportRow, kept_rows

PAGE = Path(__file__).resolve().parents[2] / "docs" / "support-matrix.md"

_HEAD = """<!-- Written by `make support-row` from tests/support_matrix/rows.json; do not edit. -->

# What was run with what

Each row is a run: its versions were found by asking the servers and the interpreter, its numbers are of tests that
ended. What has no row was not run, whatever else is said of it; [versions](operations/versions.md) says what Trueup
needs, and what its makers still mend.

## Servers and Python
"""

_SHOPIFY = """
## Shopify's API

By the simulator, which executes Shopify's published schema of each version and answers as
[recordings of a real store](../simulator/README.md) do: tests that name the version, and passed.
"""

_NOT_RUN = """
**On a real store nothing has been run.** `trueup certify` does that, on a development store of yours:
[connecting a real shop](connecting-a-shop.md).

## Not run

{missing}
- Another operating system or processor than those above.
- Hosted services (Amazon MQ, CloudAMQP, MongoDB Atlas, DocumentDB): none was tried. DocumentDB and other stores that
  speak MongoDB's protocol are not MongoDB.

## A row of your own

```console not run: a target of its own, which runs tests for minutes
$ make support-row
$ make support-row PYTHON=python3.13
$ TRUEUP_AMQP_URL=amqp://USER:PASSWORD@HOST:5672/ TRUEUP_RABBITMQ_MANAGEMENT_URL=http://USER:PASSWORD@HOST:15672 \\
    TRUEUP_MONGODB_URI='mongodb://HOST:27017/?replicaSet=rs0' make support-row
```

It runs the tests of {subset}. A run of the same versions takes the place of the earlier one. The servers are those of a
test: vhosts and databases are made and deleted there.
"""

_RECOMMENDED = {
    "RabbitMQ": ("rabbitmq", ("4.0", "4.1", "4.2"), "recommended: 4.2"),
    "MongoDB": ("mongodb", ("7.0", "8.0"), "recommended: 8.0"),
    "Python": ("python", ("3.11", "3.12", "3.13"), "recommended: 3.13"),
}
"""What the page of versions says works, by series: what of it has no row is named."""


def page(rows: Sequence[SupportRow] | None = None) -> str:
    """The page of these rows, or of those that are kept."""
    all_rows = kept_rows() if rows is None else rows
    parts = [_HEAD, _servers(all_rows), _SHOPIFY, _shopify(all_rows)]
    subset = sorted({folder for row in all_rows for folder in row.subset})
    named = ", ".join(f"`{folder}`" for folder in subset) or "the subset"
    return "\n".join(parts) + _NOT_RUN.format(missing=_missing(all_rows), subset=named)


def _servers(rows: Sequence[SupportRow]) -> str:
    head = ["RabbitMQ", "MongoDB", "Python", "system", "passed", "failed", "skipped", "when", "commit"]
    lines = [
        [
            f"{row.rabbitmq} (Erlang {row.erlang})",
            f"{row.mongodb}, {row.mongodb_members} member{'s' if row.mongodb_members > 1 else ''}",
            row.python,
            row.system,
            f"{row.passed:,}",
            f"{row.failed:,}" + (f": {', '.join(row.failures)}" if row.failures else ""),
            f"{row.skipped:,}",
            row.date,
            row.commit,
        ]
        for row in rows
    ]
    libraries = sorted({f"{name} {number}" for row in rows for name, number in row.libraries.items()})
    return table(head, lines) + (f"\nLibraries: {', '.join(libraries)}.\n" if libraries else "Nothing yet.\n")


def _shopify(rows: Sequence[SupportRow]) -> str:
    most = {version: max((row.shopify.get(version, 0) for row in rows), default=0) for version in SHOPIFY_VERSIONS}
    lines = [[version, f"{number:,}"] for version, number in most.items()]
    return table(["version", "tests passed"], lines)


def _missing(rows: Sequence[SupportRow]) -> str:
    found = []
    for name, (field, series, word) in _RECOMMENDED.items():
        run = {_series(getattr(row, field)) for row in rows if not row.failed}
        left = [one for one in series if one not in run]
        if left:
            found.append(f"- {name} {', '.join(left)} ({word}).")
    members = {row.mongodb_members for row in rows}
    if members and max(members) == 1:
        found.append("- A replica set of several members, but by `make chaos`, whose tests start three of their own.")
    return "\n".join(found)


def _series(version: str) -> str:
    return ".".join(version.split(".")[:2])
