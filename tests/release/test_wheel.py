"""The wheel, installed into an empty environment, serves everything against given servers."""

import asyncio
import re
import subprocess
import sys
from pathlib import Path

import aiohttp
import pytest

from shared.version import VERSION
from tests.trial import PROJECT, SHOP, TOKEN, make_shop, run, trial

WHEEL = PROJECT / "dist" / f"trueup-{VERSION}-py3-none-any.whl"
pytestmark = pytest.mark.skipif(not WHEEL.exists(), reason="make wheel-check builds the wheel first")


def install(place: Path) -> Path:
    """A new environment with the pinned requirements and the wheel; returns its `trueup`."""
    subprocess.run([sys.executable, "-m", "venv", place], check=True)
    pip = [str(place / "bin/python"), "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
    subprocess.run([*pip, "--require-hashes", "--requirement", str(PROJECT / "requirements/runtime.txt")], check=True)
    subprocess.run([*pip, "--no-index", "--no-deps", str(WHEEL)], check=True)
    return place / "bin/trueup"


async def test_an_installed_wheel_serves_everything(
    vhost_url: str, mongodb_uri: str, database_name: str, tmp_path: Path
) -> None:
    """From nothing but the wheel and its requirements: the page with its files, a shop, a preview."""
    trueup = str(await asyncio.to_thread(install, tmp_path / "environment"))
    elsewhere = tmp_path / "elsewhere"  # nothing of the source tree is in reach
    elsewhere.mkdir()
    async with trial(vhost_url, mongodb_uri, database_name, elsewhere, trueup=Path(trueup)) as here:
        assert (await run(here, trueup, "--version", directory=elsewhere)).strip() == VERSION
        async with aiohttp.ClientSession(here.url) as http:
            async with http.get("/") as page:
                assert page.status == 200
                files = re.findall(r'(?:src|href)="(/assets/[^"]+)"', await page.text())
            assert files
            for name in files:
                async with http.get(name) as file:
                    assert (name, file.status) == (name, 200)
        await make_shop(here)
        added = await run(here, trueup, "shop", "add", SHOP, "--token-file", "-", directory=elsewhere, words=TOKEN)
        assert "Main" in added
        await run(here, trueup, "import", "--all-variants", directory=elsewhere)
        assert "6" in await run(here, trueup, "preview", "--all", directory=elsewhere)
