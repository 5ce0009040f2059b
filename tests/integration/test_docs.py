"""The commands in the documents work, in the order in which a reader runs them."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

import pytest

from tests.docs_commands import PROJECT, blocks, documents
from tests.trial import Trial, trial

_TIME = 90.0
"""Seconds for one document."""


def script_of(document: Path, here: Trial) -> str:
    """The document's commands as one script that ends with the first that fails, and says which."""
    ours = {"8080": here.port, "9090": here.operations_port, "8085": here.simulator_port}
    lines = []
    for block in blocks(document):
        if block.language != "console" or block.reason is not None:
            continue
        for command in block.commands():
            place = f"{document.relative_to(PROJECT)}:{command.line}"
            text = re.sub(r"127\.0\.0\.1:(\d+)", lambda m: f"127.0.0.1:{ours.get(m[1], m[1])}", command.text)
            lines += [text, f'code=$?; [ $code = 0 ] || {{ echo "{place} ended with $code" >&2; exit 1; }}']
    return "\n".join(lines)


@pytest.mark.long
async def test_the_commands_in_the_documents_work(
    vhost_url: str, mongodb_uri: str, database_name: str, tmp_path: Path
) -> None:
    """Every command of README.md and docs/ that is not marked otherwise ends with 0, against running services."""
    elsewhere = tmp_path / "reader"
    elsewhere.mkdir()
    run = 0
    async with trial(vhost_url, mongodb_uri, database_name, tmp_path) as here:
        for document in documents():
            script = script_of(document, here)
            if not script:
                continue
            run += 1
            process = await asyncio.create_subprocess_exec(
                *("bash", "-c", script),
                env=here.environment | {"PATH": f"{PROJECT}/.venv/bin:{here.environment['PATH']}"},
                cwd=elsewhere,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.STDOUT,
            )
            output, _ = await asyncio.wait_for(process.communicate(), _TIME)
            assert process.returncode == 0, output.decode()[-3000:]
    assert run > 1
    assert list(elsewhere.iterdir()) == []
