"""No sale is lost or sold twice by a reconcile: random histories of the whole protocol, and mistakes planted in it.

`make campaign-histories HISTORIES=400000` plays the full form, as many as one likes.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

import pytest

from shared.domain.cell import CellState
from shared.domain.push import PushState
from tests.unit.world.actors.documents import CellDoc, Job
from tests.unit.world.checking.mistakes import MISTAKES, Mistake, planted
from tests.unit.world.checking.shown_by import SHOWN_BY
from tests.unit.world.explorer import Failure, first_failure, in_words, play, replay, shortest
from tests.unit.world.scene import Scene

HISTORIES = int(os.environ.get("TRUEUP_HISTORIES", "50000"))
FEWER = 4000
"""As many as it takes to go everywhere."""

PER_SECOND = 200
"""Far below what the slowest machine plays: only for the limit of a long campaign."""

pytestmark = pytest.mark.timeout(1200 + HISTORIES // PER_SECOND)


@dataclass
class Played:
    """What histories led to, played once for both tests: how often each kind of end, and the first that is wrong."""

    failure: Failure | None = None
    seen: Counter[str] = field(default_factory=Counter)

    def note(self, scene: Scene) -> None:
        """Count the ends of one history."""
        for push in scene.docs.pushes.values():
            self.seen[f"push {push.state}"] += 1
            self.seen["push of two cells"] += len(push.rows) == 2
        for job in scene.docs.jobs.values():
            kind = "undo" if job.undoes else "repair" if job.automatic else "run"
            for doc in job.docs.values():
                self.seen[f"{kind} {job.direction} {doc.state}"] += 1
                self.seen[str(doc.result)] += 1
                if doc.state is CellState.UPDATED:
                    self._note_updated(kind, job, doc)
        self.seen.update(scene.happened)
        for cell in scene.setting.uncounted:
            self.seen["still uncounted"] += scene.docs.stock[cell].uncounted
            first = next((entry for entry in scene.docs.ledger[cell] if entry.field == "count"), None)
            self.seen["a first count of zero"] += first is not None and first.after == 0
            self.seen["a first count by hand"] += first is not None
        for cell in scene.setting.unread:
            self.seen["a first base"] += scene.docs.stock[cell].base is not None

    def _note_updated(self, kind: str, job: Job, doc: CellDoc) -> None:
        self.seen["override"] += doc.push is not None and doc.seen is not None and doc.seen.overridden != 0
        self.seen[f"{kind} {job.direction} updated apart"] += doc.first
        self.seen["a first count by a run"] += doc.changed_by is not None and doc.changed_by[0] is None
        self.seen["a first count undone"] += doc.undo is not None and doc.undo.first_count


@pytest.fixture(
    scope="module",
    params=[pytest.param(FEWER, id="short"), pytest.param(HISTORIES, marks=pytest.mark.full, id="full")],
)
def played(request: pytest.FixtureRequest) -> Played:
    """Histories of the seeds from 0 on."""
    played = Played()
    for seed in range(request.param):
        scene, failure = play(seed)
        played.failure = played.failure or failure
        played.note(scene)
    return played


def test_no_history_loses_a_sale(played: Played) -> None:
    """In every random history Shopify and local end where orders, approved corrections and adjustments put them."""
    if played.failure is not None:
        pytest.fail(in_words(played.failure))


def test_histories_go_everywhere(played: Played) -> None:
    """The histories mean something: they end cells in every way the protocol knows, and not just once."""
    seen = played.seen
    wanted = (
        *("run toShopify updated", "run toShopify skipped", "run toShopify cancelled", "run toLocal updated"),
        *("run toLocal skipped", "repair toLocal updated", "undo toShopify updated", "undo toLocal updated"),
        *("SHOPIFY_JUST_CHANGED", "SHOPIFY_CHANGED_BEFORE_PREVIEW", "SETTLED_SINCE_PREVIEW", "OUTCOME_UNKNOWN"),
        *("LOCAL_CHANGED_SINCE_PREVIEW", "already_equal", "class_changed", "override", "push of two cells"),
        *("never_counted", "never_agreed", "a first count by hand", "a first count by a run", "a first count undone"),
        *("a first count of zero", "a first base", "run toShopify updated apart", "still uncounted"),
        *(
            "BOM_NOT_FOUND",
            "BOM_REMAPPED",
            "TRACKING_CHANGED",
            "RECORDS_RESTORED",
            "remapped",
            "remapped back",
            "removed",
        ),
        *("made again", "made again with another item", "restored", "a doubt ended by another item"),
        *("a doubt kept by a new life", "an outstanding count restored"),
        *(f"push {state}" for state in PushState if state is not PushState.OPEN),
    )
    assert {what: seen[what] for what in wanted if seen[what] < 3} == {}


@pytest.mark.parametrize(
    "known", [pytest.param(SHOWN_BY, id="short"), pytest.param({}, marks=pytest.mark.full, id="full")]
)
@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda mistake: mistake.name)
def test_a_planted_mistake_is_found(mistake: Mistake, known: Mapping[str, int]) -> None:
    """A rule broken on purpose loses a sale in some history, and the history that shows it can be told."""
    first = [known[mistake.name]] if mistake.name in known else []
    with planted(mistake) as switches:
        failure = first_failure([*first, *range(mistake.within)], switches, mistake.biases)
        assert failure is not None, f"{mistake.within} histories did not notice: {mistake.name}"
        short = shortest(failure)
        assert len(short.actions) <= len(failure.actions)
        assert replay(short.setting, short.actions) == short.violation


def test_the_same_seed_gives_the_same_history() -> None:
    """A failing seed can be played again: nothing but the seed decides."""
    assert [play(seed)[0].docs for seed in range(30)] == [play(seed)[0].docs for seed in range(30)]


def test_the_seeds_are_of_mistakes_that_there_are() -> None:
    """A mistake that is renamed would be searched for from the first history."""
    assert SHOWN_BY.keys() <= {mistake.name for mistake in MISTAKES}
