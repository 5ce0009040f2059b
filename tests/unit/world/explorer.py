"""Random histories: seeded, replayable, and cut down to the steps that matter when one fails."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from tests.unit.world.actions import Action, perform
from tests.unit.world.actors.mapping import makings, remappings, removable
from tests.unit.world.actors.shopify import START
from tests.unit.world.checking.oracle import GuaranteeBrokenError
from tests.unit.world.finish import finish
from tests.unit.world.scene import Scene, Setting


@dataclass(frozen=True, slots=True)
class Bias:
    """How often each kind of action is tried, how far the clock jumps, how many worlds are timely, and the kinds of
    action that come first; `first_ticks` is how far the clock jumps there, time after time."""

    weights: Mapping[str, float]
    ticks: tuple[int, ...]
    timely: float = 0.5
    opening: tuple[str, ...] = ()
    first_ticks: tuple[int, ...] = ()


_USUAL: Mapping[str, float] = {
    "order": 9, "tick": 5, "deliver": 9, "again": 1.5, "lose": 1, "adjust": 4, "preview": 5, "verify": 6, "job": 7,
    "undo": 4, "cancel": 2, "work": 7, "step": 40, "crash": 2, "execute": 12, "hang up": 2, "vanish": 1,
}  # fmt: skip
DAY = 90_000
BUSY = Bias(_USUAL, (1, 1, 1, 2, 3, 61, 121))
"""Many things within few seconds."""
SLOW = Bias({**_USUAL, "order": 4, "deliver": 3, "tick": 12, "verify": 3, "again": 0.5}, (1, 61, 121, 121))
"""Long pauses between the steps of everybody: previews that are quiet, rows that are old."""
DAYS = Bias(
    {**_USUAL, "tick": 16, "hang up": 10, "vanish": 6, "execute": 10, "crash": 6, "step": 20, "order": 4}, (1, 121, DAY)
)
"""Replies are lost, and keys forgotten."""
CROWD = Bias({**_USUAL, "order": 4, "work": 14, "step": 50, "adjust": 2, "crash": 1, "preview": 4}, (1, 1, 2))
"""Many workers on the same cells."""
DOUBT = Bias(
    {**_USUAL, "order": 2, "deliver": 4, "preview": 12, "tick": 1, "job": 12, "work": 12, "undo": 8},
    (1, 1, DAY),
    opening=(
        *("adjust", "preview", "step", "step", "job", "work", *["step"] * 4, "execute", "step", "step"),
        *("adjust", "preview", "step", "step", "job", "work", *["step"] * 4, "hang up", "crash", "tick"),
    ),
)
"""A run, then another whose reply is lost and whose key is forgotten."""
READS = Bias(
    {**_USUAL, "verify": 30, "deliver": 14, "order": 14, "crash": 6, "step": 20, "preview": 1, "job": 2, "work": 3},
    (1, 1, 2),
    opening=("order", "order", "deliver", "verify", "step", "step", "deliver", "step"),
)
"""Many reads, and readers that die."""
LATE = Bias(
    {**_USUAL, "order": 4, "deliver": 4, "tick": 9, "verify": 1, "job": 10, "work": 10, "again": 0},
    (1, 121),
    timely=0.0,
    opening=("order", "tick", "preview", "step", "step", "job", "work", "step", "step", "step"),
)
"""Messages that come after the grace period."""
GAP = Bias(
    {**_USUAL, "work": 10, "job": 10},
    (1, 1, 121),
    opening=("tick", "preview", "order", "deliver", "step", "step", "job", "work", "step", "step"),
)
"""A sale while a preview is being made."""
AFTER = Bias(
    _USUAL,
    (1, 1, 121, 2),
    opening=(
        *("preview", "step", "step", "job", "work", "step", "step", "step", "execute"),
        *("tick", "order", "tick", "step", "step", "deliver"),
    ),
)
"""A sale between a push and its answer."""
SEED = Bias(
    {**_USUAL, "preview": 10, "adjust": 8, "job": 10, "work": 10, "undo": 8, "deliver": 4},
    (1, 121, 121),
    opening=("tick", "preview", "step", "step", "step", "adjust", "job", "work", "step", "step", "step"),
)
"""A shop that is being seeded: first looks, first counts, and runs that bring the sides together."""
MOVES = Bias(
    {**_USUAL, "remap": 4, "remove": 3, "make": 8, "preview": 8, "job": 10, "work": 10, "adjust": 8, "undo": 6},
    (1, 1, 2, 121),
)
"""BOMs that are mapped to other items, removed and made again, in the midst of everything."""
BACK = Bias(
    {**_USUAL, "remap": 8, "remove": 5, "make": 10, "job": 14, "work": 14, "order": 3, "preview": 3, "tick": 2},
    (1, 121),
    opening=("tick", "preview", "step", "step", "step"),
)
"""A preview, then other lives of its cells, then runs over it."""
DOUBTFUL = Bias(
    {**_USUAL, "remap": 3, "remove": 8, "make": 14, "adjust": 14, "preview": 12, "job": 14, "work": 14, "order": 2},
    (1, 1, 121),
    opening=(
        *("adjust", "tick", "preview", "step", "step", "step", "job", "work", *["step"] * 6, "execute", "crash"),
        *("tick", "work", *["step"] * 6),
    ),
    first_ticks=(121, DAY),
)
"""A run whose reply is lost and whose key is forgotten, then other lives of its cells."""
RESTORED = Bias(
    {
        **_USUAL,
        "backup": 5,
        "restore": 4,
        "preview": 8,
        "job": 10,
        "work": 10,
        "undo": 6,
        "remap": 1,
        "remove": 1,
        "make": 3,
    },
    (1, 1, 121, DAY),
    timely=0.0,
    opening=("adjust", "tick", "preview", *["step"] * 3, "job", "work", *["step"] * 4, "backup"),
)
"""Records that an older state of them takes the place of."""
BIASES = (BUSY, BUSY, SLOW, DAYS, CROWD, READS, LATE, DOUBT, GAP, AFTER, SEED, MOVES, BACK, DOUBTFUL, RESTORED)

ORDERS = (-1, -1, -2, -3, 1, 2)
ADJUSTMENTS = (-3, -1, 1, 2, 3)


@dataclass(frozen=True, slots=True)
class Failure:
    """A history that broke the guarantee."""

    seed: int
    setting: Setting
    actions: tuple[Action, ...]
    violation: str


def setting_of(rng: random.Random, timeliness: float, mistakes: frozenset[str]) -> Setting:
    """How a random world begins."""
    cells = 1 if rng.random() < 0.6 else 2
    differences = tuple(rng.choice((0, 0, 3, 3, -2, None)) for _ in range(cells))
    timely = rng.random() < timeliness
    may_lose = not timely and rng.random() < 0.4
    tracked = [cell for cell, difference in enumerate(differences) if difference is not None]
    return Setting(
        differences,
        uncounted=frozenset(cell for cell in tracked if rng.random() < 0.3),
        unread=frozenset(cell for cell in range(cells) if rng.random() < 0.2),
        apart=frozenset(cell for cell in tracked if differences[cell] and rng.random() < 0.2),
        timely=timely,
        may_lose=may_lose,
        mistakes=mistakes,
    )


def play(
    seed: int, mistakes: frozenset[str] = frozenset(), biases: Sequence[Bias] = BIASES
) -> tuple[Scene, Failure | None]:
    """Play one history to its end; answer the world as it is then, and what broke, if anything did."""
    rng = random.Random(seed)  # noqa: S311 - a repeatable history, not a secret
    bias = rng.choice(biases)
    setting = setting_of(rng, bias.timely, mistakes)
    scene = Scene(setting)
    kinds = rng.choices(list(bias.weights), list(bias.weights.values()), k=rng.randint(20, 80))
    done: list[Action] = []
    try:
        first_ticks = list(bias.first_ticks)
        for number, kind in enumerate([*bias.opening, *kinds]):
            ticks = bias.ticks if number >= len(bias.opening) else bias.ticks[-1:]
            if kind == "tick" and first_ticks:
                ticks = (first_ticks.pop(0),)
            what = _what(rng, scene, kind, ticks)
            if what is not None:
                action: Action = (scene.step + 1, kind, *what)
                _do(scene, action, done)
                if kind in ("step", "work"):
                    _go_on(rng, scene, action, done)
        finish(scene)
    except GuaranteeBrokenError as violation:
        return scene, Failure(seed, setting, tuple(done), str(violation))
    return scene, None


def _do(scene: Scene, action: Action, done: list[Action]) -> bool:
    """Perform and note an action, also one that breaks the guarantee; forget it where it is impossible."""
    done.append(action)
    possible = perform(scene, action)
    if not possible:
        done.pop()
    return possible


def _go_on(rng: random.Random, scene: Scene, action: Action, done: list[Action]) -> None:
    """An actor often takes several steps before anybody else does anything."""
    number = action[2] if action[1] == "step" else action[0]
    while rng.random() < 0.6 and _do(scene, (scene.step + 1, "step", number), done):
        pass


def _what(rng: random.Random, scene: Scene, kind: str, ticks: tuple[int, ...]) -> Action | None:
    """The rest of an action of this kind; None where there is nothing to do it to."""
    cells = len(scene.docs.stock)
    if kind == "backup":
        return ()
    if kind == "order":
        return rng.randrange(len(scene.shopify.values)), rng.choice(ORDERS), rng.random() < 0.25
    if kind == "tick":
        return (rng.choice(ticks),)
    if kind == "adjust":
        return rng.randrange(cells), rng.choice(ADJUSTMENTS), rng.random() < 0.3
    if kind == "preview":
        return (_some_cells(rng, cells),)
    if kind == "job":
        return _job(rng, scene, cells)
    things = list(THINGS[kind](scene))
    return (rng.choice(things),) if things else None


def _some_cells(rng: random.Random, cells: int) -> tuple[int, ...]:
    if rng.random() < 0.6:
        return tuple(range(cells))
    return (rng.randrange(cells),)


def _job(rng: random.Random, scene: Scene, cells: int) -> Action:
    shown = list(scene.docs.previews)[-2:]
    if shown and rng.random() < 0.85:
        number = rng.choice(shown)
        return rng.random() < 0.75, tuple(scene.docs.previews[number].rows), number, False
    to_shopify = rng.random() < 0.5
    return to_shopify, _some_cells(rng, cells), None, rng.random() < (0.2 if to_shopify else 0.5)


THINGS: dict[str, Callable[[Scene], Iterable[int | tuple[int, ...]]]] = {
    "remap": remappings,
    "remove": removable,
    "make": makings,
    "restore": lambda scene: list(scene.backups)[-2:],
    "deliver": lambda scene: scene.shopify.transit,
    "again": lambda scene: scene.shopify.sent_before,
    "lose": lambda scene: scene.shopify.transit if scene.setting.may_lose else (),
    "verify": lambda scene: scene.docs.wanted,
    "undo": lambda scene: [job.id for job in scene.docs.jobs.values() if job.undoes is None and job.updated],
    "cancel": lambda scene: [job.id for job in scene.docs.jobs.values() if any(doc.open for doc in job.docs.values())],
    "work": lambda scene: list(scene.docs.jobs)[-2:],
    "step": lambda scene: [number for number, actor in scene.actors.items() if not actor.blocked],
    "crash": lambda scene: scene.actors,
    "execute": lambda scene: scene.shopify.calls,
    "hang up": lambda scene: scene.shopify.calls,
    "vanish": lambda scene: scene.shopify.calls,
}


def replay(setting: Setting, actions: Iterable[Action], log: list[str] | None = None) -> str | None:
    """Play given actions, leaving out what is impossible; answer the violation, if any."""
    scene = Scene(setting, log=log)
    try:
        for action in actions:
            if log is not None:
                seconds = int((scene.shopify.now - START).total_seconds())
                log.append(f"#{action[0]} at {seconds} s: {action[1]} {action[2:]}")
            if not perform(scene, action) and log is not None:
                log.pop()
        scene.say("everything comes to rest")
        finish(scene)
    except GuaranteeBrokenError as violation:
        return str(violation)
    return None


def shortest(failure: Failure) -> Failure:
    """Drop every step without which the history still fails."""
    actions = list(failure.actions)
    position = len(actions) - 1
    while position >= 0:
        fewer = actions[:position] + actions[position + 1 :]
        if replay(failure.setting, fewer) is not None:
            actions = fewer
        position -= 1
    violation = replay(failure.setting, actions) or failure.violation
    return Failure(failure.seed, failure.setting, tuple(actions), violation)


def in_words(failure: Failure) -> str:
    """The history in words, step by step."""
    short = shortest(failure)
    log: list[str] = []
    replay(short.setting, short.actions, log)
    return "\n".join([f"seed {short.seed}, {short.setting}", *log, short.violation])


def first_failure(
    seeds: Iterable[int], mistakes: frozenset[str] = frozenset(), biases: Sequence[Bias] = BIASES
) -> Failure | None:
    """The first seed whose history breaks the guarantee."""
    return next((bad for seed in seeds if (bad := play(seed, mistakes, biases)[1]) is not None), None)
