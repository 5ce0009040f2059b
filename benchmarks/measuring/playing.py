"""Plays scenes: run after run, kept after each, ended where one hangs, resumed where it was."""

from __future__ import annotations

import asyncio
import sys
import time
from contextlib import aclosing
from pathlib import Path

import aiohttp

from benchmarks.measuring.kept import FOLDER, Kept
from benchmarks.measuring.machine import commit
from benchmarks.scenes.scene import Form, Scene
from benchmarks.stages.place import STAGE
from deploy.local.errors import LocalNodeError


async def play(
    scene: Scene, form: Form, *, asked: int | None = None, resume: bool = False, folder: Path = FOLDER
) -> Kept:
    """Make the runs that are missing; returns all. What stopped one is told in `failed`: runs before it stay."""
    wanted = scene.number_of_runs(form, asked)
    kept = Kept.begin(scene, form, commit=commit(), wanted=wanted, resume=resume, folder=folder)
    _tell(f"{scene.name}: {scene.about} ({form}), {len(kept.missing)} of {wanted} runs to make")
    if kept.missing:
        await _play(scene, kept)
    if kept.failed is not None:
        _tell(f"{scene.name}: left out: {kept.failed}")
    return kept


async def _play(scene: Scene, kept: Kept) -> None:
    limit = asyncio.timeout(None)
    missing = kept.missing
    try:
        async with aclosing(scene.run(scene.sizes[kept.form], missing, kept.notes)) as runs, limit:
            for number in missing:
                began = time.monotonic()
                limit.reschedule(asyncio.get_running_loop().time() + scene.minutes * 60)
                kept.runs.append(await anext(runs))
                await asyncio.to_thread(kept.write)
                taken = time.monotonic() - began
                _tell(f"{scene.name}: run {number + 1} of {kept.wanted} took {taken:.0f} s; kept in {kept.file.name}")
    # A run ends by SystemExit where a result is not as it should be, by AssertionError where it stands still.
    except (SystemExit, AssertionError, LocalNodeError, aiohttp.ClientError, OSError) as error:
        kept.failed = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
        if limit.expired():
            kept.failed = f"a run was not over after {scene.minutes:.0f} minutes (logs in {STAGE / 'logs'})"
    await asyncio.to_thread(kept.write)


def _tell(line: str) -> None:
    sys.stderr.write(f"bench: {line}\n")
