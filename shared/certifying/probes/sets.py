"""Setting quantities: what is demanded, what changes nothing, what is refused, and what of a batch with a bad row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from shared.certifying.exchanges import Exchange
from shared.certifying.levels import Wanted, applied, codes_of
from shared.certifying.operations import SET_ROWS, SET_WITHOUT_KEY
from shared.certifying.probes.probing import Probing
from shared.shopify.calls.answers import points_in

LARGEST: Final = 1_000_000_000
ONE_TOO_MANY: Final = 251
_STALE: Final = "CHANGE_FROM_QUANTITY_STALE"
_ROOT: Final = "inventorySetQuantities"


async def demands(probing: Probing) -> None:
    """What every set must have, and how many rows."""
    levels, held = probing.levels, probing.available(0)
    whole = levels.input([Wanted(0, held + 1, held)])
    bare = whole | {"quantities": [{k: v for k, v in row.items() if k != "changeFromQuantity"} for row in _rows(whole)]}
    answer = await probing.calls.call(SET_ROWS, {"input": bare, "key": levels.fresh_key()})
    refused = _refusal(answer)
    probing.saw("set.change-from-required", f"a set without changeFromQuantity is {refused}")
    answer = await probing.calls.call(SET_WITHOUT_KEY, {"input": whole})
    probing.saw("set.key-required", f"a set without an idempotency key is {_refusal(answer)}")
    too_many = levels.input([Wanted(0, held + 1, held)] * ONE_TOO_MANY)
    answer = await probing.calls.call(SET_ROWS, {"input": too_many, "key": levels.fresh_key()})
    probing.saw("set.largest-batch", f"a set of {ONE_TOO_MANY} rows is {_refusal(answer)}")


def _rows(given: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    rows: Sequence[Mapping[str, Any]] = given["quantities"]
    return rows


def _refusal(answer: Exchange) -> str:
    """In the words of a fact: by which top-level code a call was refused."""
    if answer.codes:
        return f"refused with {answer.codes[0]}"
    return f"refused with {codes_of(answer)[0]}" if codes_of(answer) else "taken"


async def sets(probing: Probing) -> None:
    """What changes nothing, what goes below zero, and a cell that is named twice."""
    held = probing.available(0)
    answer = await probing.levels.set([Wanted(0, held, held)])
    payload = answer.payload(_ROOT)
    silent = not payload.get("inventoryAdjustmentGroup") and not payload.get("userErrors") and not answer.codes
    seen = "succeeds without an adjustment group" if silent else "is answered otherwise"
    probing.saw("set.no-change", f"a set that changes nothing {seen}", _said(answer) if not silent else "")
    other = probing.available(1)
    answer = await probing.set([Wanted(1, -1, other)])
    below = applied(answer) or (other == -1 and not codes_of(answer))
    probing.saw("set.negative", f"available may {'' if below else 'not '}be set below zero", _said(answer))
    answer = await probing.levels.set([Wanted(0, held + 1, held), Wanted(0, held + 2, held)])
    named = {_index(error) for error in answer.user_errors(_ROOT)}
    seen = (
        "is refused, both rows by their paths"
        if named == {0, 1}
        else "is taken"
        if not codes_of(answer)
        else "is refused otherwise"
    )
    probing.saw("set.twice-in-a-batch", f"a cell that is named twice in a batch {seen}", _said(answer))
    if not codes_of(answer):
        await probing.look()


async def stale(probing: Probing) -> None:
    """One row that fits, for its cost, and two that compare with a value of nobody's."""
    first, second = probing.available(0), probing.available(1)
    good = await probing.set([Wanted(0, first + 1, first)])
    answer = await probing.levels.set([Wanted(0, first + 5, first + 4), Wanted(1, second + 5, second + 4)])
    errors = [error for error in answer.user_errors(_ROOT) if error.get("code") == _STALE]
    if errors:
        every, paths = len(errors) > 1, all(_index(error) is not None for error in errors)
        probing.saw(
            "set.stale-rows",
            "a stale reply names every stale row" if every else "a stale reply names the first stale row alone",
            stale_lists_all=every,
        )
        probing.saw(
            "set.stale-paths",
            "a stale error bears the path of its row" if paths else "a stale error bears no path",
            stale_paths=paths,
        )
    else:
        for fact in ("set.stale-rows", "set.stale-paths"):
            probing.saw(fact, "a stale set is not refused as stale", _said(answer))
    one, two = (points_in(exchange.cost, "requestedQueryCost") for exchange in (good, answer))
    if one is None or two is None:
        for fact in ("cost.set", "cost.quantities"):
            probing.could_not_try(fact, "the reply does not tell what was asked for")
        return
    each = int(two - one)
    probing.saw(
        "cost.set", f"a set of one row asks for {one - each:g} points", f"{each} for each row besides" * bool(each)
    )
    seen = "as many points as one" if each == 0 else f"{each} points more than one"
    probing.saw("cost.quantities", f"two rows of a set cost {seen}", points_per_quantity=each)


async def mixed(probing: Probing) -> None:
    """A row that fits beside one that is stale, and beside one that is too high; then one that is too low."""
    outcomes = []
    first, second = probing.available(0), probing.available(1)
    await probing.set([Wanted(0, first + 1, first), Wanted(1, second + 5, second + 4)])
    outcomes.append(probing.available(0) == first + 1)
    first, second = probing.available(0), probing.available(1)
    high = await probing.set([Wanted(0, first + 1, first), Wanted(1, LARGEST + 1, second)])
    outcomes.append(probing.available(0) == first + 1)
    partial = any(outcomes)
    probing.saw(
        "set.all-or-nothing",
        "one row that is refused keeps the whole batch from being applied"
        if not partial
        else "rows beside one that is refused are applied",
        "" if len(set(outcomes)) == 1 else "beside a stale row and beside a bad one it is not the same",
        mixed_batch_partial=partial,
    )
    low = await probing.levels.set([Wanted(1, -LARGEST - 1, probing.available(1))])
    if not codes_of(low):
        await probing.look()
    codes = [(codes_of(answer) or ["nothing"])[0] for answer in (high, low)]
    seen = f"{LARGEST + 1:,} is refused with {codes[0]}, its negative with {codes[1]}"
    probing.saw("set.bounds", seen)


def _index(error: Mapping[str, Any]) -> int | None:
    """The row in an error's path."""
    match error.get("field"):
        case [_, "quantities", index, *_] if str(index).isdigit():
            return int(str(index))
        case _:
            return None


def _said(answer: Exchange) -> str:
    """Shopify's own codes, for a note."""
    return ", ".join(dict.fromkeys([*answer.codes, *codes_of(answer)]))
