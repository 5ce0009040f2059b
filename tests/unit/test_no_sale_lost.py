"""No sale is lost or sold twice by a reconcile: random histories of the whole protocol, and mistakes planted in it.

`TRUEUP_HISTORIES=400000` makes a long campaign of the first test.
"""

from __future__ import annotations

import os
from collections import Counter

import pytest

from shared.domain.cell import CellState
from shared.domain.push import PushState
from tests.unit.world.explorer import first_failure, play, replay, shortest, told
from tests.unit.world.mistakes import MISTAKES, Mistake, planted

HISTORIES = int(os.environ.get("TRUEUP_HISTORIES", "4000"))
PER_SECOND = 200
"""Far below what the slowest machine plays: only for the limit of a long campaign."""


@pytest.mark.timeout(120 + HISTORIES // PER_SECOND)
def test_no_history_loses_a_sale() -> None:
    """In every random history Shopify and local end where orders, approved corrections and adjustments put them."""
    failure = first_failure(range(HISTORIES))
    if failure is not None:
        pytest.fail(told(failure))


def test_histories_go_everywhere() -> None:
    """The histories mean something: they end cells in every way the protocol knows, and not just once."""
    seen: Counter[str] = Counter()
    for seed in range(2500):
        scene, _ = play(seed)
        for push in scene.docs.pushes.values():
            seen[f"push {push.state}"] += 1
            seen["push of two cells"] += len(push.rows) == 2
        for job in scene.docs.jobs.values():
            kind = "undo" if job.undoes else "repair" if job.automatic else "run"
            for doc in job.docs.values():
                seen[f"{kind} {job.direction} {doc.state}"] += 1
                seen[str(doc.result)] += 1
                overrides = doc.seen is not None and doc.seen.overridden != 0 and doc.push is not None
                seen["override"] += overrides and doc.state is CellState.UPDATED
    wanted = (
        *("run toShopify updated", "run toShopify skipped", "run toShopify cancelled", "run toLocal updated"),
        *("run toLocal skipped", "repair toLocal updated", "undo toShopify updated", "undo toLocal updated"),
        *("SHOPIFY_JUST_CHANGED", "SHOPIFY_CHANGED_BEFORE_PREVIEW", "SETTLED_SINCE_PREVIEW", "OUTCOME_UNKNOWN"),
        *("LOCAL_CHANGED_SINCE_PREVIEW", "already_equal", "class_changed", "override", "push of two cells"),
        *(f"push {state}" for state in PushState if state is not PushState.OPEN),
    )
    assert {what: seen[what] for what in wanted if seen[what] < 3} == {}


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda mistake: mistake.name)
def test_a_planted_mistake_is_found(mistake: Mistake) -> None:
    """A rule broken on purpose loses a sale in some history, and the history that shows it can be told."""
    with planted(mistake) as switches:
        failure = first_failure(range(mistake.within), switches, mistake.biases)
        assert failure is not None, f"{mistake.within} histories did not notice: {mistake.name}"
        short = shortest(failure)
        assert len(short.actions) <= len(failure.actions)
        assert replay(short.setting, short.actions) == short.violation


def test_the_same_seed_gives_the_same_history() -> None:
    """A failing seed can be played again: nothing but the seed decides."""
    assert [play(seed)[0].docs for seed in range(30)] == [play(seed)[0].docs for seed in range(30)]
