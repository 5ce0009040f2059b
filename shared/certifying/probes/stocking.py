"""Setting and stocking where the item is no longer stocked: always at the second location."""

from __future__ import annotations

from typing import Final

from shared.certifying.exchanges import Exchange
from shared.certifying.levels import Held, Wanted, codes_of, held_in
from shared.certifying.probes.probing import Probing

_PLACE: Final = 1
_SILENT_FROM: Final = "2026-10"
_SETS: Final = ("unstocked.set-succeeds", "unstocked.set-replaces")


async def unstocked(probing: Probing) -> None:
    """Unstock it, set it twice to the same, stock it again in each way."""
    before = probing.available(_PLACE)
    await probing.levels.unstock(_PLACE)
    _, now = await probing.look()
    if now.active:
        for fact in (*_SETS, "unstocked.readable", "activate.bare-keeps", "activate.replaces"):
            probing.could_not_try(fact, "Shopify does not let the item be unstocked there")
        await _already(probing)
        return
    told = now.level is not None and now.available == before
    probing.saw(
        "unstocked.readable",
        "a level that is no longer stocked is read as inactive, with what it holds"
        if told
        else "a level that is no longer stocked is not read with what it holds",
        "" if told else f"it held {before}, and {now.available} is read",
    )
    wanted = max(before, 0) + 3
    seen = [now, *await _set_twice(probing, wanted)]
    await _stock_bare(probing, seen[-1])
    _judge_sets(probing, seen, wanted)
    await _stock_with(probing)
    await _already(probing)


async def _set_twice(probing: Probing, wanted: int) -> list[Held]:
    """Under two keys, comparing with nothing: what is read after each."""
    seen = []
    for _ in range(2):
        answer = await probing.levels.set([Wanted(_PLACE, wanted, None)])
        seen.append((await probing.look())[_PLACE])
        if codes_of(answer) or answer.codes:
            _refused(probing, (codes_of(answer) or answer.codes)[0])
            return seen
    leaves = "leaves it unstocked" if not seen[-1].active else "stocks it"
    probing.saw(_SETS[0], f"a set where the item is not stocked succeeds and {leaves}")
    return seen


def _refused(probing: Probing, code: str) -> None:
    """The set was refused, as it is by versions before the silent ones."""
    if probing.api_version < _SILENT_FROM:
        for fact in _SETS:
            probing.skip(fact, f"so only from {_SILENT_FROM} on; {probing.api_version} refuses it with {code}")
        return
    probing.saw(_SETS[0], f"a set where the item is not stocked is refused with {code}")
    probing.could_not_try(_SETS[1], f"the set is refused with {code}")


def _judge_sets(probing: Probing, seen: list[Held], wanted: int) -> None:
    """From the values read before, between and after two sets to the same; where none is told, from the stocked one."""
    if len(seen) < 3 or any(finding.fact_id == _SETS[1] for finding in probing.findings):  # noqa: PLR2004  # before, first, second
        return
    first, second = seen[1].available, seen[2].available
    after = probing.available(_PLACE) if second is None else second
    adds = after == wanted * 2 if first is None else after - first == wanted and after != wanted
    if adds:
        said = "adds to what the level holds"
    elif after == wanted:
        said = "replaces what the level holds"
    else:
        said = f"leaves {after} where {wanted} was set"
    probing.saw(_SETS[1], f"a set where the item is not stocked {said}", unstocked_set_adds=adds)


async def _stock_bare(probing: Probing, now: Held) -> None:
    answer = await probing.levels.stock(_PLACE, None)
    held = _answered(answer)
    kept = held.available == now.available
    probing.saw(
        "activate.bare-keeps",
        f"stocking without a quantity {'keeps' if kept else 'does not keep'} what the level held",
        "" if kept else f"{now.available} was read before, {held.available} after",
    )
    _now_holds(probing, held)


async def _stock_with(probing: Probing) -> None:
    """Once more, with a quantity that differs from what the level holds."""
    await probing.levels.unstock(_PLACE)
    _, now = await probing.look()
    given = (now.available or 0) + 5
    held = _answered(await probing.levels.stock(_PLACE, given))
    keeps = held.available == now.available
    said = "replaces what the level held" if held.available == given else "leaves what the level held"
    if held.available not in (given, now.available):
        said = f"makes it {held.available}, where {given} was given and {now.available} held"
    probing.saw("activate.replaces", f"a quantity given with stocking {said}", activation_keeps=keeps)
    _now_holds(probing, held)


async def _already(probing: Probing) -> None:
    held = probing.held[_PLACE]
    answer = await probing.levels.stock(_PLACE, probing.available(_PLACE) + 7)
    payload = answer.payload("inventoryActivate")
    as_believed = bool(payload.get("userErrors")) and _answered(answer).available == held.available
    probing.saw(
        "activate.stocked-already",
        "stocking where it is stocked answers the level, unchanged, and an error without a code"
        if as_believed
        else "stocking where it is stocked is answered otherwise",
    )
    if not as_believed:
        await probing.look()


def _now_holds(probing: Probing, held: Held) -> None:
    """As the answer to stocking it says."""
    first, second = probing.held
    probing.held = (first, Held(second.level, held.active, held.available, held.text))


def _answered(answer: Exchange) -> Held:
    return held_in(answer.payload("inventoryActivate").get("inventoryLevel"))
