"""Runs Shopify's libraries on cases. Where one of them cannot be had, the tests that need it skip, and say why."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import pytest

_HERE = Path(__file__).parent
_PROJECT = _HERE.parents[2]
_CACHE = _PROJECT / ".cache"
_NODE = _PROJECT / ".run" / "node"
"""The Node.js with which the page was built, where the machine has none of its own."""

Case = Mapping[str, str]
Verdicts = Sequence[str | None]


def python_verdicts(client_id: str, secret: str, cases: Sequence[Case]) -> Verdicts:
    """Those of ShopifyAPI for Python."""
    if find_spec("shopify") is None:
        pytest.skip("ShopifyAPI is not installed here (requirements/dev.txt)")
    return _asked([sys.executable, str(_HERE / "python_verdicts.py")], client_id, secret, cases)


def node_verdicts(client_id: str, secret: str, cases: Sequence[Case]) -> Verdicts:
    """Those of @shopify/shopify-api for Node.js."""
    path = f"{os.environ['PATH']}{os.pathsep}{_NODE}"
    node = shutil.which("node", path=path)
    if node is None:
        pytest.skip("there is no Node.js here to run Shopify's library for it")
    return _asked([node, str(_HERE / "node_verdicts.mjs"), str(_packages(path))], client_id, secret, cases)


def _asked(command: list[str], client_id: str, secret: str, cases: Sequence[Case]) -> Verdicts:
    words = json.dumps({"client_id": client_id, "secret": secret, "cases": cases})
    answer = subprocess.run(command, input=words, capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stderr
    verdicts: list[str | None] = json.loads(answer.stdout)
    assert len(verdicts) == len(cases)
    return verdicts


@cache
def _packages(path: str) -> Path:
    """The folder of the packages of package-lock.json, fetched once for all runs."""
    lock = _HERE / "package-lock.json"
    folder = _CACHE / f"shopify-libraries-{hashlib.sha256(lock.read_bytes()).hexdigest()[:16]}"
    if folder.exists():
        return folder
    npm = shutil.which("npm", path=path)
    if npm is None:
        pytest.skip("npm is not here to fetch Shopify's library for Node.js")
    _CACHE.mkdir(exist_ok=True)
    # Beside its place and then moved there: another test process sees all of it or nothing.
    with tempfile.TemporaryDirectory(dir=_CACHE) as made:
        for file in ("package.json", "package-lock.json"):
            shutil.copy(_HERE / file, made)
        words = [npm, "ci", "--no-audit", "--no-fund", "--ignore-scripts"]
        try:
            # No verdict hangs on the limit: where nothing comes from the registry, the tests of it are left out.
            subprocess.run(
                words, cwd=made, env=os.environ | {"PATH": path}, check=True, capture_output=True, timeout=120
            )
        except (subprocess.CalledProcessError, subprocess.TimeoutExpired):
            pytest.skip("the npm registry cannot be reached for Shopify's library for Node.js")
        if not folder.exists():
            shutil.copytree(made, folder.with_suffix(f".{os.getpid()}"))
            try:
                folder.with_suffix(f".{os.getpid()}").rename(folder)
            except OSError:  # another test process was first
                shutil.rmtree(folder.with_suffix(f".{os.getpid()}"))
    return folder
