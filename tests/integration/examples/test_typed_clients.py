"""Typed clients that kept generators make of the API's description fit the API: they import, compile, and ask it."""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
from pathlib import Path

import pytest

from tests.integration.api.api_setup import ApiShop, shop, world
from tests.waiting import ended

__all__ = ["shop", "world"]

PROJECT = Path(__file__).resolve().parents[3]
CLIENTS = PROJECT / ".run" / "clients"
ADMIN_UI = PROJECT / "admin_ui"
CANNOT_BE_INSTALLED = 69
"""What the target ends with where its generator cannot be had (EX_UNAVAILABLE)."""

ASK = """
import sys

from trueup_client import AuthenticatedClient
from {module} import sync_detailed

client = AuthenticatedClient(base_url=sys.argv[1], token=sys.argv[2])
answer = sync_detailed(client=client)
assert answer.status_code == 200, answer
print(*sorted(place.name for place in answer.parsed.items), sep="\\n")
"""

USE = """
import type { components, paths } from "./trueup";

export type Locations = paths["/api/locations"]["get"]["responses"]["200"]["content"]["application/json"];
export const job: components["schemas"]["JobIn"] = { direction: "toShopify", selection: { bom_ids: "all" } };
export const names = (locations: Locations): string[] => locations.items.map((place) => place.name);
// @ts-expect-error: there is no such direction.
export const wrong: components["schemas"]["JobIn"] = { direction: "sideways" };
"""


async def ran(*command: str, directory: Path = PROJECT) -> tuple[int, str]:
    """Run a program to its end: exit status and what it printed."""
    bare = {name: value for name, value in os.environ.items() if not name.startswith("TRUEUP_")}
    process = await asyncio.create_subprocess_exec(
        *command,
        cwd=directory,
        env=bare | {"PYTHON": sys.executable},
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await ended(process, what=" ".join(command))
    return process.returncode or 0, output.decode()


@pytest.mark.full
async def test_a_client_for_python_is_generated_and_asks_the_api(shop: ApiShop) -> None:
    """`make client-python`, without a warning; every module of it imports, and one of its calls is answered."""
    code, said = await ran(str(PROJECT / "deploy" / "clients" / "python.sh"))
    if code == CANNOT_BE_INSTALLED:
        pytest.skip("openapi-python-client cannot be installed here: no package index within reach")
    assert code == 0, said
    python = str(CLIENTS / "env" / "bin" / "python")
    made = CLIENTS / "trueup-client"
    modules = sorted(path.relative_to(made).with_suffix("") for path in (made / "trueup_client").rglob("*.py"))
    assert len(modules) > 100
    names = [".".join(path.parts).removesuffix(".__init__") for path in modules]
    load_all = f"import importlib; [importlib.import_module(name) for name in {names}]"
    code, said = await ran(python, "-c", load_all, directory=made)
    assert code == 0, said
    (module,) = (name for name in names if name.endswith(".list_locations"))
    code, said = await ran(python, "-c", ASK.format(module=module), shop.world.url, shop.token, directory=made)
    assert (code, said.split("\n")) == (0, ["Place 0", "Place 1", ""])


@pytest.mark.skipif(shutil.which("node") is None, reason="there is no Node.js on PATH")
async def test_types_for_typescript_are_generated_and_hold(tmp_path: Path) -> None:
    """`make client-typescript`: what fits the API compiles by them, and what does not is refused."""
    code, said = await ran(str(PROJECT / "deploy" / "clients" / "typescript.sh"))
    assert code == 0, said
    shutil.copy(CLIENTS / "trueup.d.ts", tmp_path / "trueup.d.ts")
    (tmp_path / "use.ts").write_text(USE, encoding="utf-8")
    tsc = str(ADMIN_UI / "node_modules" / ".bin" / "tsc")
    options = ["--noEmit", "--strict", "--target", "es2022", "--module", "esnext", "--moduleResolution", "bundler"]
    code, said = await ran(tsc, *options, str(tmp_path / "use.ts"))
    assert code == 0, said
