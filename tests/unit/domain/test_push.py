"""The life of a push whose outcome is unclear."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.push import (
    KEY_LIFE,
    LONGEST_EXECUTION,
    SEND_DEADLINE,
    Resend,
    RowOutcome,
    judge_push,
    may_have_been_applied,
    resend,
    would_apply_twice,
)
from tests.unit.domain.strategies import START

UNDER_WAY = SEND_DEADLINE + LONGEST_EXECUTION
ages = st.integers(0, 100_000).map(lambda seconds: timedelta(seconds=seconds))


@given(ages)
def test_the_same_key_while_shopify_surely_keeps_it(age: timedelta) -> None:
    """Sent again only if the key is still known when the call executes; judged only when no sender is under way."""
    what = resend(START, START + age)
    assert (what is Resend.SAME_KEY) == (age + UNDER_WAY < KEY_LIFE)
    assert (what is Resend.JUDGE) == (age >= KEY_LIFE + UNDER_WAY)


@given(ages, ages)
def test_a_push_never_goes_back_to_its_key(age: timedelta, more: timedelta) -> None:
    """Once evidence is awaited nothing is sent, however long it takes."""
    order = [Resend.SAME_KEY, Resend.WAIT_FOR_EVIDENCE, Resend.JUDGE]
    earlier, later = resend(START, START + age), resend(START, START + age + more)
    assert order.index(earlier) <= order.index(later)


def test_what_was_never_sent_is_sent() -> None:
    """A push without a first send has no outcome to wait for."""
    assert resend(None, START) is Resend.SAME_KEY


@given(st.integers(-5_000_000, 5_000_000), st.integers(0, 999_999))
def test_only_an_older_value_proves_that_nothing_was_applied(microseconds: int, fraction: int) -> None:
    """Before the second of the first send: not applied; the same second or later proves nothing."""
    first_sent = START + timedelta(microseconds=fraction)
    updated_at = START + timedelta(microseconds=microseconds)
    expected = RowOutcome.NOT_APPLIED if updated_at < START else RowOutcome.UNKNOWN
    assert judge_push(updated_at, first_sent) is expected


@pytest.mark.parametrize(
    ("value", "seconds", "vague", "expected"),
    [
        (8, 0, False, True),  # the target, since the first send
        (8, -1, False, False),  # the target, but set before
        (7, 5, False, False),  # something else, and the answer is the only execution's
        (7, 5, True, True),  # something else, after an execution that nobody has told of
        (7, -1, True, False),  # untouched since before the first send
    ],
)
def test_what_may_have_been_applied_unsaid(value: int, seconds: int, vague: bool, expected: bool) -> None:
    """The target is suspect since the second of the first send; where the answer is vague, any change is."""
    first_sent = START.replace(microsecond=900_000)
    at = START.replace(microsecond=0) + timedelta(seconds=seconds)
    assert may_have_been_applied(value, at, 8, first_sent, vague=vague) is expected


@pytest.mark.parametrize(("value", "seconds", "expected"), [(5, 0, True), (5, -1, False), (8, 3, False), (6, 3, False)])
def test_what_a_second_execution_would_set_again(value: int, seconds: int, expected: bool) -> None:
    """Only a row that has changed since the first send and is back at the value compared with."""
    first_sent = START.replace(microsecond=900_000)
    at = START.replace(microsecond=0) + timedelta(seconds=seconds)
    assert would_apply_twice(value, at, 5, first_sent) is expected
