"""The simulator's schema is a part of Shopify's own, in each supported version."""

from __future__ import annotations

import gc
import gzip
import json
import os
import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    build_client_schema,
    is_required_argument,
    is_required_input_field,
    print_ast,
)

from simulator.graphql.schema import schema_of
from simulator.settings import SUPPORTED_VERSIONS

CACHE = Path(__file__).parents[3] / ".cache"
NODE = Path(__file__).parents[3] / ".run" / "node"
PACKAGE = "@shopify/dev-mcp@1.16.0"
ARCHIVE = CACHE / "shopify-dev-mcp-1.16.0.tgz"


@cache
def published(version: str) -> GraphQLSchema:
    """Shopify's published introspection of a version, built once a run; skips where it cannot be had."""
    if not ARCHIVE.exists():
        # The machine's own, or the one with which the page was built.
        path = f"{os.environ['PATH']}{os.pathsep}{NODE}"
        npm = shutil.which("npm", path=path)
        if npm is None:
            pytest.skip("npm is not here to fetch Shopify's published schema")
        CACHE.mkdir(exist_ok=True)
        # Beside its place and then moved there: another test process sees all of it or nothing.
        with tempfile.TemporaryDirectory(dir=CACHE) as folder:
            try:
                # No verdict hangs on the limit: where nothing comes from the registry, the tests of it are left out.
                subprocess.run(
                    [npm, "pack", PACKAGE],
                    cwd=folder,
                    env=os.environ | {"PATH": path},
                    check=True,
                    capture_output=True,
                    timeout=90,
                )
            except (subprocess.CalledProcessError, subprocess.TimeoutExpired):
                pytest.skip("the npm registry cannot be reached for Shopify's published schema")
            (Path(folder) / ARCHIVE.name).replace(ARCHIVE)
    with tarfile.open(ARCHIVE) as archive:
        member = archive.extractfile(f"package/dist/data/admin_{version}.json.gz")
        assert member is not None
        text = gzip.decompress(member.read())
    with _nothing_to_collect():
        # Without assume_valid the real schema is refused over a rule about deprecations.
        return build_client_schema(json.loads(text)["data"], assume_valid=True)


@contextmanager
def _nothing_to_collect() -> Iterator[None]:
    """The collector looks again and again at a million objects that all stay: half of the time it takes, otherwise."""
    gc.collect()  # what is garbage now must not stay with them
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
        gc.freeze()


@pytest.mark.parametrize("version", SUPPORTED_VERSIONS)
def test_every_part_is_shopifys_own(version: str) -> None:
    """Types, fields, arguments, defaults, enum values, input fields, interfaces are Shopify's; none required lacks."""
    ours, theirs = schema_of(version), published(version)
    differences = [
        difference
        for name, kind in ours.type_map.items()
        if not name.startswith("__")
        for difference in _compare(kind, theirs.type_map.get(name))
    ]
    assert differences == []
    idempotent = ours.get_directive("idempotent")
    published_directive = theirs.get_directive("idempotent")
    assert idempotent is not None
    assert published_directive is not None
    assert idempotent.locations == published_directive.locations
    assert {n: str(a.type) for n, a in idempotent.args.items()} == {
        n: str(a.type) for n, a in published_directive.args.items()
    }


def _compare(ours: Any, theirs: Any) -> list[str]:
    name = ours.name
    if type(ours) is not type(theirs):
        return [f"{name} is {type(ours).__name__}, published: {type(theirs).__name__}"]
    if isinstance(ours, GraphQLEnumType):
        return [f"{name}.{value}" for value in ours.values if value not in theirs.values]
    if isinstance(ours, GraphQLUnionType):
        members = {member.name for member in theirs.types}
        return [f"{name} | {member.name}" for member in ours.types if member.name not in members]
    if isinstance(ours, GraphQLInputObjectType):
        return _compare_inputs(name, ours.fields, theirs.fields, is_required_input_field)
    if isinstance(ours, (GraphQLObjectType, GraphQLInterfaceType)):
        implemented = {interface.name for interface in theirs.interfaces}
        found = [f"{name} implements {i.name}" for i in ours.interfaces if i.name not in implemented]
        for field, definition in ours.fields.items():
            other = theirs.fields.get(field)
            if other is None or str(other.type) != str(definition.type):
                found.append(f"{name}.{field}: {definition.type}, published: {other and other.type}")
            else:
                found += _compare_inputs(f"{name}.{field}", definition.args, other.args, is_required_argument)
        return found
    return []


def _compare_inputs(where: str, ours: Any, theirs: Any, required: Any) -> list[str]:
    found = [
        f"{where}({name}) is missing"
        for name, theirs_one in theirs.items()
        if required(theirs_one) and name not in ours
    ]
    for name, one in ours.items():
        other = theirs.get(name)
        if other is None or (str(one.type), _default(one)) != (str(other.type), _default(other)):
            found.append(f"{where}({name}: {one.type} = {_default(one)})")
    return found


def _default(value: Any) -> str | None:
    return None if value.default is None or value.default.literal is None else print_ast(value.default.literal)


def test_not_stocked_is_a_code_only_before_2026_10() -> None:
    """From 2026-10 the schema no longer has ITEM_NOT_STOCKED_AT_LOCATION."""
    has = {version: "ITEM_NOT_STOCKED_AT_LOCATION" in _codes(schema_of(version)) for version in SUPPORTED_VERSIONS}
    assert has == {"2026-04": True, "2026-07": True, "2026-10": False}


def _codes(schema: GraphQLSchema) -> set[str]:
    kind = schema.type_map["InventorySetQuantitiesUserErrorCode"]
    assert isinstance(kind, GraphQLEnumType)
    return set(kind.values)
