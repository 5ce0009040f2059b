"""The same world driven by hypothesis, which shrinks what it finds."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from tests.unit.world.actions import Action, What, perform
from tests.unit.world.checking.mistakes import MISTAKES, planted
from tests.unit.world.checking.oracle import GuaranteeBrokenError
from tests.unit.world.explorer import ADJUSTMENTS, DAY, ORDERS, THINGS
from tests.unit.world.finish import finish
from tests.unit.world.scene import Scene, Setting

CELLS = st.sampled_from(((0,), (1,), (0, 1)))
CELL = st.integers(0, 1)


class World(RuleBasedStateMachine):
    """One world; every rule is one thing that may happen next."""

    mistakes: frozenset[str] = frozenset()

    def __init__(self) -> None:
        """The world begins in `begin`."""
        super().__init__()
        self.broken = False

    @initialize(
        differences=st.tuples(*[st.sampled_from((0, 3, -2, None))] * 2), timely=st.booleans(), may_lose=st.booleans()
    )
    def begin(self, differences: tuple[int | None, ...], timely: bool, may_lose: bool) -> None:
        """Two cells, from an agreed base."""
        self.scene = Scene(Setting(differences, timely, may_lose and not timely, self.mistakes))

    def happens(self, kind: str, *what: What) -> None:
        """Perform one action; one that is impossible changes nothing."""
        action: Action = (self.scene.step + 1, kind, *what)
        try:
            perform(self.scene, action)
        except GuaranteeBrokenError:
            self.broken = True
            raise

    @rule(cell=CELL, delta=st.sampled_from(ORDERS), shared=st.booleans())
    def order(self, cell: int, delta: int, shared: bool) -> None:
        """Units are sold or restocked."""
        self.happens("order", cell, delta, shared)

    @rule(seconds=st.sampled_from((1, 2, 61, 121, DAY)))
    def tick(self, seconds: int) -> None:
        """Time passes."""
        self.happens("tick", seconds)

    @rule(cell=CELL, delta=st.sampled_from(ADJUSTMENTS), counted=st.booleans())
    def adjust(self, cell: int, delta: int, counted: bool) -> None:
        """A hand adjustment."""
        self.happens("adjust", cell, delta, counted)

    @rule(cells=CELLS, at_once=st.booleans())
    def preview(self, cells: tuple[int, ...], at_once: bool) -> None:
        """A preview begins; often nothing comes between its reads."""
        self.happens("preview", cells)
        number = self.scene.step
        for _ in range(2 if at_once else 0):
            self.happens("step", number)

    @rule(to_shopify=st.booleans(), cells=CELLS, shown=st.integers(0, 3), repair=st.booleans(), runs=st.integers(0, 8))
    def job(self, to_shopify: bool, cells: tuple[int, ...], shown: int, repair: bool, runs: int) -> None:
        """A run is requested, with one of the last previews or none, and a worker takes its first steps."""
        previews = list(self.scene.docs.previews)
        number = previews[-shown] if 0 < shown <= len(previews) else None
        if number is not None:
            cells = tuple(self.scene.docs.previews[number].rows)
        self.happens("job", to_shopify, cells, number, repair and not to_shopify and number is None)
        self.happens("work", self.scene.step)
        worker = self.scene.step
        for _ in range(runs):
            self.happens("step", worker)

    @rule(kind=st.sampled_from(sorted(THINGS)), pick=st.integers(0, 9))
    def something(self, kind: str, pick: int) -> None:
        """A message is delivered, a call arrives, an actor goes on or dies, and so forth."""
        things = list(THINGS[kind](self.scene))
        if things:
            self.happens(kind, things[pick % len(things)])

    @rule(pick=st.integers(0, 9), times=st.integers(1, 6))
    def steps(self, pick: int, times: int) -> None:
        """One actor takes several steps."""
        actors = list(self.scene.actors)
        if actors:
            for _ in range(times):
                self.happens("step", actors[pick % len(actors)])

    def teardown(self) -> None:
        """Everything comes to rest, and the books must balance."""
        if not self.broken and hasattr(self, "scene"):
            finish(self.scene)


SETTINGS = settings(
    max_examples=100, stateful_step_count=40, deadline=None, suppress_health_check=list(HealthCheck), print_blob=True
)


@pytest.mark.parametrize(
    "histories", [pytest.param(30, id="short"), pytest.param(300, marks=pytest.mark.full, id="full")]
)
def test_no_shrinkable_history_loses_a_sale(histories: int) -> None:
    """Hypothesis finds no history in which a sale is lost or sold twice."""
    run_state_machine_as_test(World, settings=settings(SETTINGS, max_examples=histories))


@pytest.mark.parametrize("name", ["the base moved alone", "no compare", "no settle_no", "no grace"])
def test_the_state_machine_finds_mistakes(name: str) -> None:
    """The state machine notices a rule broken on purpose."""
    mistake = next(mistake for mistake in MISTAKES if mistake.name == name)
    with planted(mistake) as switches:
        broken = type("BrokenWorld", (World,), {"mistakes": switches})
        searching = settings(SETTINGS, max_examples=1000, phases=[Phase.generate], database=None, derandomize=True)
        with pytest.raises(GuaranteeBrokenError):
            run_state_machine_as_test(broken, settings=searching)
