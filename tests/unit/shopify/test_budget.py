"""The call budget of a shop: nothing is sent that the bucket does not hold, and nobody waits for nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.shopify.calls.budget import FALLBACK_WAIT, RESERVED, SHARES, Budget, BudgetHold, CallRole
from tests.unit.hand_clock import HandClock

ROLES: tuple[CallRole, ...] = get_args(CallRole)


class Bucket:
    """Shopify's own bucket, full at the start."""

    def __init__(self, clock: HandClock, maximum: float, restore: float) -> None:
        self.clock, self.maximum, self.restore = clock, maximum, restore
        self.points, self.at = maximum, clock.seconds

    def level(self) -> float:
        """Points now."""
        self.points = min(self.maximum, self.points + (self.clock.seconds - self.at) * self.restore)
        self.at = self.clock.seconds
        return self.points

    def execute(self, requested: float, actual: float) -> dict[str, Any]:
        """Run a call and answer its `extensions.cost`. Fails where it would have been throttled."""
        assert requested <= self.level() + 1e-6, f"throttled: {requested} of {self.level()}"
        self.points -= actual
        return {"requestedQueryCost": requested, "actualQueryCost": actual, "throttleStatus": self.status()}

    def status(self) -> dict[str, float]:
        """`throttleStatus`, in whole points."""
        return {
            "maximumAvailable": self.maximum,
            "currentlyAvailable": int(self.level()),
            "restoreRate": self.restore,
        }


@dataclass
class UnderWay:
    """A call that was sent; `cost` is there once Shopify has executed it."""

    hold: BudgetHold
    requested: float
    actual: float
    cost: dict[str, Any] | None = None


steps = st.one_of(
    st.tuples(
        st.just("send"), st.sampled_from(["interactive", *ROLES]), st.integers(1, 9), st.sampled_from([0.0, 0.5, 1.0])
    ),
    st.tuples(st.just("execute"), st.integers(0, 3)),
    st.tuples(st.just("deliver"), st.integers(0, 3)),
    st.tuples(st.just("pass"), st.sampled_from([0.0, 0.1, 1.0, 4.0])),
)
PLANS = st.sampled_from([(2000.0, 100.0), (4000.0, 200.0), (1000.0, 50.0), (20000.0, 1000.0)])


@pytest.mark.parametrize(
    "histories", [pytest.param(100, id="short"), pytest.param(1000, marks=pytest.mark.full, id="full")]
)
def test_no_call_is_sent_that_the_bucket_does_not_hold(histories: int) -> None:
    """Whatever is under way and in whatever order replies come: what `wait` lets through is never throttled."""
    settings(max_examples=histories)(_nothing_is_throttled)()


@given(plan=PLANS, history=st.lists(steps, min_size=8, max_size=60))
def _nothing_is_throttled(plan: tuple[float, float], history: list[Any]) -> None:
    clock = HandClock()
    bucket, budget = Bucket(clock, *plan), Budget(clock)
    calls: list[UnderWay] = []
    for step in history:
        if step[0] == "send":
            _, role, tenths, share = step
            points = tenths * plan[0] / 10
            asked = min(points, budget.maximum)  # as the client asks: what is dearer is refused, not waited for
            wait = budget.wait(role, asked)
            assert 0.0 <= wait <= 2 * plan[0] / plan[1]
            if wait == 0.0:
                calls.append(UnderWay(budget.take(role, asked), asked, asked * share))
        elif step[0] == "execute":
            waiting = [call for call in calls if call.cost is None]
            if waiting:
                call = waiting[step[1] % len(waiting)]
                call.cost = bucket.execute(call.requested, call.actual)
        elif step[0] == "deliver":
            done = [call for call in calls if call.cost is not None]
            if done:
                call = done[step[1] % len(done)]
                budget.settle(call.hold, call.cost)
                calls.remove(call)
        else:
            clock.seconds += step[1]
    for call in calls:
        if call.cost is None:
            bucket.execute(call.requested, call.actual)


@given(
    role=st.sampled_from(ROLES),
    points=st.floats(0.0, 1000.0),
    status=st.fixed_dictionaries(
        {},
        optional={
            "maximumAvailable": st.sampled_from([None, 0, 1000, 2000, 2000.0]),
            "currentlyAvailable": st.sampled_from([None, 0, -3, 12, 2000]),
            "restoreRate": st.sampled_from([None, 0, -1, 50, 100]),
        },
    ),
    replies=st.integers(1, 3),
)
def test_without_cost_data_nobody_waits_for_ever(
    role: CallRole, points: float, status: dict[str, Any], replies: int
) -> None:
    """restoreRate 0, no maximum, no status, no cost at all: waits are neither negative nor tiny, and they end."""
    clock = HandClock()
    budget = Budget(clock)
    for number in range(replies):
        cost = [None, {}, {"throttleStatus": status}][number % 3] if replies > 1 else {"throttleStatus": status}
        budget.settle(budget.take(role, points), cost)
    budget.settle(budget.take(role, points), {"throttleStatus": status}, result="throttled")
    looks = 0
    while (wait := budget.wait(role, min(points, budget.maximum))) > 0:
        assert wait >= 0.001
        clock.seconds += wait
        looks += 1
        assert looks < 100
    assert clock.seconds <= 120.0


def test_where_nothing_is_restored_one_call_a_second_finds_out() -> None:
    """restoreRate 0 and an empty bucket: no division by zero, no busy loop, and no silence for ever."""
    clock = HandClock()
    budget = Budget(clock)
    status = {"maximumAvailable": 1000, "currentlyAvailable": 0, "restoreRate": 0}
    budget.settle(budget.take("job", 10), {"throttleStatus": status}, result="throttled")
    assert budget.wait("job", 10) == FALLBACK_WAIT
    clock.seconds += FALLBACK_WAIT
    assert budget.wait("job", 10) == 0.0


def told(clock: HandClock, maximum: float = 2000, available: float = 2000, restore: float = 100) -> Budget:
    """A budget that has had one reply."""
    budget = Budget(clock)
    status = {"maximumAvailable": maximum, "currentlyAvailable": available, "restoreRate": restore}
    budget.settle(budget.take("interactive", 0), {"actualQueryCost": 0, "throttleStatus": status})
    return budget


def test_a_reply_that_was_overtaken_does_not_fill_the_bucket() -> None:
    """Two calls at once, their replies in the other order: the older one knows nothing of what the newer one took."""
    clock = HandClock()
    bucket, budget = Bucket(clock, 2000, 100), told(clock)
    older, newer = budget.take("job", 600), budget.take("job", 600)
    first, second = bucket.execute(600, 600), bucket.execute(600, 600)
    budget.settle(newer, second)
    budget.settle(older, first)
    assert budget.available <= bucket.level() == 800


def test_before_the_first_reply_calls_go_one_by_one() -> None:
    """Other processes may have emptied the bucket: only one call finds out, and the next waits for its reply."""
    clock = HandClock()
    budget = Budget(clock)
    assert budget.wait("job", 10) == 0.0
    first = budget.take("job", 10)
    assert budget.wait("interactive", 10) > 0.0
    status = {"maximumAvailable": 2000, "currentlyAvailable": 4, "restoreRate": 100}
    budget.settle(first, {"requestedQueryCost": 10, "throttleStatus": status}, result="throttled")
    assert budget.wait("interactive", 10) == pytest.approx(0.06)


def test_a_cost_above_the_bucket_is_told_apart() -> None:
    """A cost that the bucket never holds is impossible; the same cost before Shopify has told anything is not."""
    clock = HandClock()
    assert told(clock, maximum=1000).impossible(1001)
    assert not told(clock).impossible(1001)
    assert not Budget(clock).impossible(1001)


@pytest.mark.parametrize("role", SHARES)
def test_the_reserve_is_for_people_only(role: CallRole) -> None:
    """Background work leaves the reserved share; an interactive call takes from it at once."""
    clock = HandClock()
    budget = told(clock, available=2000 * RESERVED + 9)
    assert budget.wait(role, 10) > 0
    assert budget.wait("interactive", 10) == 0
    clock.seconds += budget.wait(role, 10)
    assert budget.wait(role, 10) == 0


def test_a_share_nobody_uses_is_lent() -> None:
    """Alone, a role has all that is restored, however small its share."""
    clock = HandClock()
    bucket, budget = Bucket(clock, 2000, 100), told(clock)
    served = contend(clock, bucket, budget, ["sweep"], seconds=60)
    assert served["sweep"] >= 0.95 * (60 * 100 + 2000 * (1 - RESERVED))


def test_roles_that_compete_get_their_shares() -> None:
    """All at once, each role is served by its share: none starves, none takes more than half again."""
    clock = HandClock()
    bucket, budget = Bucket(clock, 2000, 100), told(clock)
    served = contend(clock, bucket, budget, list(SHARES), seconds=300)
    total = sum(served.values())
    for role, share in SHARES.items():
        assert 0.6 * share <= served[role] / total <= 1.5 * share, served


def test_a_person_goes_first() -> None:
    """While all others compete for every point, an interactive call is sent at once, each time."""
    clock = HandClock()
    bucket, budget = Bucket(clock, 2000, 100), told(clock)
    for _ in range(20):
        contend(clock, bucket, budget, list(SHARES), seconds=2)
        assert budget.wait("interactive", 100) == 0.0
        hold = budget.take("interactive", 100)
        budget.settle(hold, bucket.execute(100, 100))


def contend(
    clock: HandClock, bucket: Bucket, budget: Budget, roles: list[CallRole], *, seconds: float
) -> dict[CallRole, float]:
    """Each role calls for 50 points as often as it may, coming back when it was told to; points served by role."""
    served = dict.fromkeys(roles, 0.0)
    turn = dict.fromkeys(roles, clock.seconds)
    end = clock.seconds + seconds
    while True:
        role = min(turn, key=lambda one: turn[one])
        if turn[role] > end:
            return served
        clock.seconds = max(clock.seconds, turn[role])
        wait = budget.wait(role, 50)
        if wait == 0:
            budget.settle(budget.take(role, 50), bucket.execute(50, 50))
            served[role] += 50
            wait = 0.01
        turn[role] = clock.seconds + wait
