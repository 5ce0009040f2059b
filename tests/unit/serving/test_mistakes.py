"""Work on a wrong input grows in step with it, and what is told of it has a largest size."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

import pytest
from pydantic import ValidationError

from services.preview.api.http.responses.problem import field_problems, invalid
from shared.contract.messages import JobRequest
from shared.contract.mistakes import MAX_NAMED, MAX_TEXT, mistakes_of
from shared.contract.selection import SelectionBody
from shared.observing.log_size import MAX_ITEMS, MAX_NESTED_TEXT, bounded


def refusal(of: Callable[[], object]) -> ValidationError:
    """What a model says of it."""
    with pytest.raises(ValidationError) as caught:
        of()
    return caught.value


def unknown_fields(number: int) -> ValidationError:
    """A selection with that many fields that nobody knows."""
    body = json.dumps({"bom_ids": "all"} | {f"field {n}": n for n in range(number)})
    return refusal(lambda: SelectionBody.model_validate_json(body))


def calls_of(work: Callable[[], object]) -> int:
    """How many calls it makes: what its time is made of, on every machine."""
    count = 0

    def note(_: FrameType, event: str, __: Any) -> None:
        nonlocal count
        count += event in {"call", "c_call"}

    sys.setprofile(note)
    try:
        work()
    finally:
        sys.setprofile(None)
    return count


def test_the_first_mistakes_are_named_and_the_rest_counted() -> None:
    """60,000 unknown fields: 20 by name, 59,980 by number, in an answer that is short."""
    problems, more = field_problems(unknown_fields(60_000), "body")
    assert (len(problems), more) == (MAX_NAMED, 60_000 - MAX_NAMED)
    problem = invalid(problems, more).problem
    assert (len(problem.errors), problem.more_errors) == (MAX_NAMED, 60_000 - MAX_NAMED)
    assert problem.detail.endswith("and 59980 more")
    assert len(problem.model_dump_json()) < 10_000


def test_the_work_is_linear_in_the_mistakes() -> None:
    """Ten times the mistakes cost ten times the calls."""
    few, many = unknown_fields(1_000), unknown_fields(10_000)
    assert calls_of(lambda: mistakes_of(many)) < 11 * calls_of(lambda: mistakes_of(few))


def test_a_senders_text_is_cut() -> None:
    """A field's name of a megabyte is no answer of a megabyte."""
    body = json.dumps({"bom_ids": "all", "x" * 1_000_000: 1})
    mistakes = mistakes_of(refusal(lambda: SelectionBody.model_validate_json(body)))
    assert [len(mistake.path) for mistake in mistakes.named] == [MAX_TEXT]
    assert len(str(mistakes)) < 2 * MAX_TEXT + 10


def test_the_branches_of_a_union_tell_one_mistake_once() -> None:
    """`bom_ids` is a list or a word: what is wrong with it is told without pydantic's names of the branches."""
    mistakes = mistakes_of(refusal(lambda: SelectionBody.model_validate({"bom_ids": [""]})))
    assert len({str(mistake) for mistake in mistakes.named}) == len(mistakes.named)
    assert not any("[" in mistake.path for mistake in mistakes.named)


def test_a_message_says_where_it_is_wrong() -> None:
    """As the reason of a dead letter has it."""
    wrong = refusal(lambda: JobRequest.model_validate({"shop": "a.myshopify.com", "job_id": "x"}))
    assert "direction: Field required" in str(mistakes_of(wrong))


def test_a_log_line_has_a_largest_size() -> None:
    """Whatever is put into it: long texts, lists, mappings, numbers, nested or not."""
    deep: Any = "end"
    for _ in range(500):
        deep = [deep]
    event = {
        "event": "x" * 1_000_000,
        "cells": list(range(100_000)),
        "headers": {str(n): "y" * 10_000 for n in range(1_000)},
        "number": 10**5_000,
        "deep": deep,
        "exception": "z" * 1_000_000,
    }
    line = json.dumps(bounded(None, "info", dict(event)), default=repr)
    assert len(line) < 200_000
    short = bounded(None, "info", {"event": "cells_ended", "cells": 250, "failed": ["A/1"]})
    assert short == {"event": "cells_ended", "cells": 250, "failed": ["A/1"]}
    cut = bounded(None, "info", {"texts": ["a" * (MAX_NESTED_TEXT + 1)] * (MAX_ITEMS + 1)})["texts"]
    assert cut[0].endswith(f"({MAX_NESTED_TEXT + 1} characters)")
    assert cut[-1] == "… and 1 more"
