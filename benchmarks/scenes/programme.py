"""All scenes, in the order in which they are run."""

from __future__ import annotations

from collections.abc import Sequence

from benchmarks.scenes.beside import FAIRNESS
from benchmarks.scenes.growth import GROWTH, WORKERS
from benchmarks.scenes.on_cells import CELLS, LATENCY, SMALL
from benchmarks.scenes.on_page import CROWD, PAGE
from benchmarks.scenes.on_points import POINTS
from benchmarks.scenes.on_servers import SERVERS
from benchmarks.scenes.on_webhooks import WEBHOOKS
from benchmarks.scenes.plan import PLAN
from benchmarks.scenes.scene import Scene

SCENES = (CELLS, LATENCY, SMALL, PLAN, WEBHOOKS, POINTS, WORKERS, FAIRNESS, SERVERS, CROWD, PAGE, GROWTH)


def chosen(names: str) -> Sequence[Scene]:
    """Those named, apart by commas or spaces, in the programme's order; all where none is. Raises ValueError."""
    wanted = set(names.replace(",", " ").split())
    known = {scene.name for scene in SCENES}
    if unknown := sorted(wanted - known):
        raise ValueError(f"no scene is called {', '.join(unknown)}; there are: {', '.join(s.name for s in SCENES)}")
    return [scene for scene in SCENES if not wanted or scene.name in wanted]
