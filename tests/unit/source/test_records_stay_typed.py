"""What is stored is known outside its adapter as typed records: there no document is opened by the names of its fields,
and nothing is built of MongoDB's operators.

Counted in the source of `services` and `shared` without `shared/mongodb`: subscripts by a text (`job["state"]`, but not
`Literal["a"]`), words that are operators (`"$in"`), and the name `Document`.
"""

from __future__ import annotations

import ast
import importlib
import re
from collections.abc import Callable, Iterator
from dataclasses import is_dataclass
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
INSIDE = "shared/mongodb/"
OPERATOR = re.compile(r"\$[a-z][A-Za-z]*")
LOOK_ALIKE = {"$ref", "$defs", "$place"}
"""Words of JSON Schema and of GraphQL."""

OF_OTHERS = {
    "services/command_line/api/": "answers of the API",
    "services/command_line/commands/": "answers of the API: test_every_command.py holds them against its description",
    "services/command_line/terminal/": "answers of the API",
    "services/command_line/all_services.py": "whether each service is ready, by its name",
    "shared/certifying/": "Shopify's answers, and our own calls",
    "shared/importing/catalogue.py": "Shopify's lines of a bulk query",
    "services/preview/api/http/": "headers, claims of a token, and the API description",
    "services/preview/page/": "parts of a path",
    "services/webhook_ingest/": "headers, and checks by their name",
    "services/reconciler/notices/mail_words.py": "headers of a mail",
    "shared/mail/": "headers of a mail",
    "shared/contract/": "pydantic's errors, and the AMQP description",
    "shared/observing/": "fields of a log line",
    "shared/rabbitmq/": "headers, and queues by their name",
    "shared/schedules/outgoing_webhooks.py": "what the resolver answers",
    "shared/serving/": "headers",
    "shared/settings.py": "settings by their name",
    "shared/shop_life/pause_probe.py": "Shopify's answer",
    "shared/shopify/": "Shopify's answers",
}
"""Modules and folders whose subscripts are of something else than records, and of what."""


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


@pytest.mark.parametrize("count", [subscripts, operators, documents])
def test_no_document_is_opened_outside_its_adapter(count: Callable[[ast.Module], int]) -> None:
    """No module has any."""
    assert found(count) == {}


def records() -> Iterator[type]:
    """The dataclasses of the modules in `shared/mongodb`."""
    for path in sorted((ROOT / INSIDE).rglob("*.py")):
        name = path.relative_to(ROOT).with_suffix("").as_posix().replace("/", ".").removesuffix(".__init__")
        module = importlib.import_module(name)
        for one in vars(module).values():
            if isinstance(one, type) and is_dataclass(one) and one.__module__ == name:
                yield one


def test_what_a_store_makes_is_frozen_and_slotted() -> None:
    """A record says what was stored when it was read: nobody changes it, nor hangs something on it."""
    loose = [
        one.__qualname__ for one in records() if not (one.__dict__["__dataclass_params__"].frozen and _slotted(one))
    ]
    assert loose == []


def _slotted(record: type) -> bool:
    return "__slots__" in vars(record) and "__dict__" not in dir(record)


def test_the_counts_see_what_they_are_about() -> None:
    """And nothing that only looks like it."""
    tree = ast.parse('x: Literal["a"] = job["state"]\nquery: Document = {"n": {"$in": [names[0]]}, "$ref": table[key]}')
    assert (subscripts(tree), operators(tree), documents(tree)) == (1, 1, 1)


if __name__ == "__main__":
    for counting in (subscripts, operators, documents):
        present = found(counting)
        print(f"{counting.__name__}: {sum(present.values())} in {len(present)} modules")  # noqa: T201  # asked for
        print("".join(f'    "{name}": {number},\n' for name, number in present.items()))  # noqa: T201  # asked for
