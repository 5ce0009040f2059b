"""`make bench`: what a cell and a webhook cost, beside peers in the same run, as tables, and as JSON in `.run/bench`.

Scenes are run one after the other, or those alone that `--only` names. Each prints its goals beside its figures and
keeps every run. `--quick` takes all of them within three minutes; the long form takes medians of larger ones.
`--tables` measures nothing and prints what is kept; `--record` puts it into docs/performance.md.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Mapping, Sequence

from benchmarks.measuring.kept import FOLDER, Kept, alone
from benchmarks.measuring.playing import play
from benchmarks.measuring.report import of_all, of_scene, record
from benchmarks.scenes.programme import SCENES, chosen
from benchmarks.scenes.scene import Form, Scene
from shared.observing.logs import configure_logs


def _given(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="", help="scenes, apart by commas; --list names them")
    parser.add_argument("--list", action="store_true", help="name the scenes")
    parser.add_argument("--quick", action="store_true", help="small sizes, one run of each")
    parser.add_argument("--tiny", action="store_true", help="just try that the scenes run")
    parser.add_argument("--repeat", type=int, help="runs of each scene")
    parser.add_argument("--resume", action="store_true", help="make the runs that are missing of the same commit")
    parser.add_argument("--tables", action="store_true", help="measure nothing: print what is kept")
    parser.add_argument("--record", action="store_true", help="put what is kept of this form into docs/performance.md")
    given = parser.parse_args(arguments)
    if given.repeat is not None and given.repeat < 1:
        parser.error("--repeat: at least one run")
    try:
        given.scenes = chosen(given.only)
    except ValueError as error:
        parser.error(f"--only: {error}")
    return given


def known(form: Form) -> Mapping[str, Kept]:
    """What is kept of all scenes in this form."""
    kept = {scene.name: Kept.read(scene.name, form) for scene in SCENES}
    return {name: one for name, one in kept.items() if one is not None}


def _programme() -> str:
    return "".join(f"{scene.name:<10} {scene.about}\n" for scene in SCENES)


def _measured(scenes: Sequence[Scene], form: Form, given: argparse.Namespace) -> bool:
    """Play these; returns whether all came to their end."""
    configure_logs("benchmark", "warning")
    whole = True
    for scene in scenes:
        if form not in scene.sizes:
            continue
        kept = asyncio.run(play(scene, form, asked=given.repeat, resume=given.resume))
        sys.stdout.write(f"\n{of_scene(scene, kept)}\n")
        sys.stdout.flush()
        whole = whole and kept.failed is None
    return whole


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print, keep. Returns 1 where a run had to be left out."""
    given = _given(arguments)
    if given.list:
        sys.stdout.write(_programme())
        return 0
    form = Form.TINY if given.tiny else Form.QUICK if given.quick else Form.LONG
    whole = True
    if not given.tables:
        try:
            with alone(FOLDER / "lock"):
                whole = _measured(given.scenes, form, given)
        except BlockingIOError:
            sys.stderr.write("bench: another benchmark runs here: side by side both would measure each other\n")
            return 2
    kept = known(form)
    if given.tables:
        sys.stdout.write(f"{of_all(given.scenes, kept)}\n")
    if given.record and not kept:
        sys.stderr.write(f"bench: nothing of the {form} form is kept: measure first\n")
        return 2
    if given.record:
        record(of_all(SCENES, kept))
    return 0 if whole else 1


if __name__ == "__main__":
    sys.exit(main())
