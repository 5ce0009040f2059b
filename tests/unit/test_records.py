"""What is stored is known outside its adapter as typed records: there no document is opened by the names of its fields,
and nothing is built of MongoDB's operators.

Counted in the source of `services` and `shared` without `shared/mongodb`: subscripts by a text (`job["state"]`, but not
`Literal["a"]`), words that are operators (`"$in"`), and the name `Document`.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
INSIDE = "shared/mongodb/"
OPERATOR = re.compile(r"\$[a-z][A-Za-z]*")
LOOK_ALIKE = {"$ref", "$defs", "$place"}
"""Words of JSON Schema and of GraphQL."""

OF_OTHERS = {
    "services/command_line/all_services.py": "whether each service is ready, by its name",
    "services/importer/catalogue.py": "Shopify's lines of a bulk query",
    "services/preview/api/http/": "headers, claims of a token, and the API description",
    "services/preview/page/": "parts of a path",
    "services/webhook_ingest/": "headers, and checks by their name",
    "shared/contract/": "pydantic's errors, and the AMQP description",
    "shared/observing/": "fields of a log line",
    "shared/rabbitmq/": "headers, and queues by their name",
    "shared/schedules/outgoing_webhooks.py": "what the resolver answers",
    "shared/serving/": "headers",
    "shared/settings.py": "settings by their name",
    "shared/shop_life/probing.py": "Shopify's answer",
    "shared/shopify/": "Shopify's answers",
}
"""Modules and folders whose subscripts are of something else than records, and of what."""

NOT_YET = {
    "services/command_line/commands/approve.py": 1,
    "services/command_line/commands/audit.py": 5,
    "services/command_line/commands/import_boms.py": 8,
    "services/command_line/commands/preview.py": 36,
    "services/command_line/selecting.py": 1,
    "services/command_line/terminal/documents.py": 11,
    "services/command_line/terminal/watching.py": 1,
    "services/importer/bom_making.py": 45,
    "services/importer/first_bases.py": 15,
    "services/importer/importing.py": 12,
    "services/importer/matching.py": 20,
    "services/importer/report.py": 21,
    "services/preview/api/drift/models.py": 5,
    "services/preview/api/jobs/request.py": 4,
    "services/preview/api/previews/models.py": 27,
    "services/preview/api/previews/routes.py": 8,
    "services/preview/api/schedules/routes.py": 1,
    "services/preview/computing/previewer.py": 3,
    "services/reconciler/jobs/job_cells.py": 9,
    "services/reconciler/planner/planner.py": 2,
    "services/reconciler/schedules/following.py": 15,
    "services/reconciler/schedules/outcomes.py": 21,
    "services/reconciler/schedules/scheduling.py": 7,
    "services/reconciler/sweeper/confirming.py": 11,
    "services/reconciler/sweeper/repairing.py": 29,
    "services/reconciler/sweeper/sweeping.py": 2,
}
"""Subscripts of records that are documents still, by module. This only ever gets shorter."""

NOT_YET_OPERATORS = {
    "services/importer/importing.py": 2,
    "services/importer/report.py": 1,
    "services/preview/api/drift/models.py": 1,
}
"""Operators that still stand outside."""

NOT_YET_NAMED = {
    "services/command_line/commands/boms.py": 1,
    "services/command_line/commands/dead_letters.py": 1,
    "services/command_line/commands/import_boms.py": 3,
    "services/command_line/commands/preview.py": 12,
    "services/command_line/commands/sweep.py": 1,
    "services/command_line/terminal/documents.py": 4,
    "services/command_line/terminal/watching.py": 1,
    "services/importer/bom_making.py": 1,
    "services/importer/first_bases.py": 1,
    "services/importer/importing.py": 5,
    "services/importer/report.py": 4,
    "services/preview/api/audit/view.py": 1,
    "services/preview/api/drift/models.py": 4,
    "services/preview/api/jobs/request.py": 2,
    "services/preview/api/previews/routes.py": 1,
    "services/preview/api/schedules/models.py": 2,
    "services/preview/computing/previewer.py": 1,
    "services/reconciler/jobs/job_cells.py": 2,
    "services/reconciler/schedules/following.py": 5,
    "services/reconciler/schedules/outcomes.py": 4,
    "services/reconciler/schedules/scheduling.py": 1,
    "services/reconciler/sweeper/confirming.py": 11,
    "services/reconciler/sweeper/repairing.py": 9,
    "services/reconciler/sweeper/sweeping.py": 2,
}
"""How often modules still name `Document`."""


@cache
def _modules() -> dict[str, ast.Module]:
    paths = [path for top in ("services", "shared") for path in sorted((ROOT / top).rglob("*.py"))]
    named = {path.relative_to(ROOT).as_posix(): path for path in paths}
    return {name: ast.parse(path.read_text()) for name, path in named.items() if not name.startswith(INSIDE)}


def subscripts(tree: ast.Module) -> int:
    """How often something is opened by the name of a field."""
    return sum(
        isinstance(node, ast.Subscript)
        and isinstance(node.slice, ast.Constant)
        and isinstance(node.slice.value, str)
        and not (isinstance(node.value, ast.Name) and node.value.id == "Literal")
        for node in ast.walk(tree)
    )


def operators(tree: ast.Module) -> int:
    """How many words are operators of MongoDB."""
    words = [node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)]
    return sum(OPERATOR.fullmatch(word) is not None and word not in LOOK_ALIKE for word in words)


def documents(tree: ast.Module) -> int:
    """How often the type of a document is named."""
    return sum(isinstance(node, ast.Name) and node.id == "Document" for node in ast.walk(tree))


def found(count: Callable[[ast.Module], int]) -> dict[str, int]:
    """The modules that have some, and how many."""
    others = tuple(OF_OTHERS) if count is subscripts else ()
    counted = {name: count(tree) for name, tree in _modules().items() if not name.startswith(others)}
    return {name: number for name, number in counted.items() if number}


@pytest.mark.parametrize(
    ("count", "known"),
    [(subscripts, NOT_YET), (operators, NOT_YET_OPERATORS), (documents, NOT_YET_NAMED)],
    ids=["subscripts", "operators", "documents"],
)
def test_no_document_is_opened_outside_its_adapter(
    count: Callable[[ast.Module], int], known: Mapping[str, int]
) -> None:
    """A module that is not on the list has none, one that is has no more than it says, and none that is done stays."""
    counted = found(count)
    assert {name: number for name, number in counted.items() if number > known.get(name, 0)} == {}
    assert known.keys() - counted.keys() == set(), "these are done: strike them off the list"


def test_the_counts_see_what_they_are_about() -> None:
    """And nothing that only looks like it."""
    tree = ast.parse('x: Literal["a"] = job["state"]\nquery: Document = {"n": {"$in": [names[0]]}, "$ref": table[key]}')
    assert (subscripts(tree), operators(tree), documents(tree)) == (1, 1, 1)


if __name__ == "__main__":
    for counting in (subscripts, operators, documents):
        present = found(counting)
        print(f"{counting.__name__}: {sum(present.values())} in {len(present)} modules")  # noqa: T201  # asked for
        print("".join(f'    "{name}": {number},\n' for name, number in present.items()))  # noqa: T201  # asked for
