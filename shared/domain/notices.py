"""Matters that a shop is told of: what has happened, what it means, and what to do about it, in a merchant's words.

The page, outgoing webhooks and mails all take their words from here, so that they say the same.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from shared.domain.words.pauses import pause_explained
from shared.domain.words.waits import wait_explained

Facts = Mapping[str, str | int | None]
"""What is known of an occurrence: numbers and plain words."""


class Matter(StrEnum):
    """What a shop may be told of."""

    RUN_ENDED = "run_ended"
    RUN_TROUBLED = "run_troubled"
    """A run has ended, and some of it, or all, has failed."""
    RUN_WAITS = "run_waits"
    PREVIEW_WAITS = "preview_waits"
    """A preview is ready, and somebody has to decide."""
    PREVIEW_FAILED = "preview_failed"
    REPAIR_ENDED = "repair_ended"
    REPAIR_STOPPED = "repair_stopped"
    REPAIR_RESUMED = "repair_resumed"
    DRIFT_FOUND = "drift_found"
    """Shopify has changed without a webhook."""
    SCHEDULE_WAITS = "schedule_waits"
    """A schedule's run is above its limits, and somebody has to decide."""
    SCHEDULE_FAILED = "schedule_failed"
    SCHEDULE_SKIPPED = "schedule_skipped"
    IMPORT_WAITS = "import_waits"
    """An import has been looked at, and somebody has to say whether it makes what it would."""
    IMPORT_ENDED = "import_ended"
    IMPORT_TROUBLED = "import_troubled"
    """An import has ended, and some of its rows could not be used."""
    WEBHOOKS_SILENT = "webhooks_silent"
    SHOP_PAUSED = "shop_paused"
    SHOP_RESUMED = "shop_resumed"
    TARGET_DISABLED = "target_disabled"
    """An address of the shop's has not taken what was sent for so long that nothing is sent to it any more."""


class Urgency(StrEnum):
    """What a matter asks of a person."""

    NEWS = "news"
    DECISION = "decision"
    TROUBLE = "trouble"


URGENCY: Mapping[Matter, Urgency] = {
    Matter.RUN_ENDED: Urgency.NEWS,
    Matter.RUN_TROUBLED: Urgency.TROUBLE,
    Matter.RUN_WAITS: Urgency.TROUBLE,
    Matter.PREVIEW_WAITS: Urgency.DECISION,
    Matter.PREVIEW_FAILED: Urgency.TROUBLE,
    Matter.REPAIR_ENDED: Urgency.NEWS,
    Matter.REPAIR_STOPPED: Urgency.DECISION,
    Matter.REPAIR_RESUMED: Urgency.NEWS,
    Matter.DRIFT_FOUND: Urgency.NEWS,
    Matter.SCHEDULE_WAITS: Urgency.DECISION,
    Matter.SCHEDULE_FAILED: Urgency.TROUBLE,
    Matter.SCHEDULE_SKIPPED: Urgency.TROUBLE,
    Matter.IMPORT_WAITS: Urgency.DECISION,
    Matter.IMPORT_ENDED: Urgency.NEWS,
    Matter.IMPORT_TROUBLED: Urgency.TROUBLE,
    Matter.WEBHOOKS_SILENT: Urgency.TROUBLE,
    Matter.SHOP_PAUSED: Urgency.TROUBLE,
    Matter.SHOP_RESUMED: Urgency.NEWS,
    Matter.TARGET_DISABLED: Urgency.TROUBLE,
}

EVENTS: Mapping[Matter, str] = {
    Matter.RUN_ENDED: "job.ended",
    Matter.RUN_TROUBLED: "job.ended",
    Matter.RUN_WAITS: "job.waiting",
    Matter.PREVIEW_WAITS: "preview.ended",
    Matter.PREVIEW_FAILED: "preview.failed",
    Matter.REPAIR_ENDED: "drift.repaired",
    Matter.REPAIR_STOPPED: "drift.stopped",
    Matter.REPAIR_RESUMED: "drift.resumed",
    Matter.DRIFT_FOUND: "drift.found",
    Matter.SCHEDULE_WAITS: "schedule.waiting",
    Matter.SCHEDULE_FAILED: "schedule.failed",
    Matter.SCHEDULE_SKIPPED: "schedule.skipped",
    Matter.IMPORT_WAITS: "import.waiting",
    Matter.IMPORT_ENDED: "import.ended",
    Matter.IMPORT_TROUBLED: "import.ended",
    Matter.WEBHOOKS_SILENT: "webhooks.silent",
    Matter.SHOP_PAUSED: "shop.paused",
    Matter.SHOP_RESUMED: "shop.resumed",
    Matter.TARGET_DISABLED: "target.disabled",
}
"""What outgoing webhooks call it."""

OVER: Mapping[Matter, Matter] = {Matter.SHOP_PAUSED: Matter.SHOP_RESUMED, Matter.REPAIR_STOPPED: Matter.REPAIR_RESUMED}
"""What is told at the end of what has lasted: whoever waits for it need not ask."""

BY_MAIL: frozenset[Matter] = frozenset(matter for matter, urgency in URGENCY.items() if urgency is not Urgency.NEWS)
"""What is told by mail where nobody has chosen: what needs a person."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """One occurrence of a matter. `subject`: the id of what it is about, "" where a shop has one only.

    The same matter about the same subject is one notice; `occurrence` tells whether this one was counted before, and
    `at` orders them. `open`: it stays open until it is settled; otherwise it is news.
    """

    shop: str
    matter: Matter
    subject: str
    occurrence: str
    at: datetime
    facts: Facts
    open: bool


@dataclass(frozen=True, slots=True)
class Told:
    """A matter in words: what happened, what it means, what to do, and the page's address for it."""

    title: str
    meaning: str
    remedy: str
    link: str


def told(matter: Matter, subject: str, facts: Facts, count: int = 1) -> Told:
    """The words for an occurrence; `count`: how often it has happened by now."""
    words = _WORDS[matter](subject, facts)
    if count == 1:
        return words
    return Told(f"{words.title} ({count} times by now)", words.meaning, words.remedy, words.link)


def _number(facts: Facts, name: str) -> int:
    value = facts.get(name)
    return value if isinstance(value, int) else 0


def _places(number: int) -> str:
    return "1 place" if number == 1 else f"{number:,} places"


_NAMES = {
    "undo": "An undo",
    "retry": "A second try",
    "drift": "A repair",
    "schedule": "A scheduled reconcile",
}


def _run_name(facts: Facts) -> str:
    return _NAMES.get(str(facts.get("source")), "A reconcile")


def _target(facts: Facts) -> str:
    return "Shopify" if facts.get("direction") == "toShopify" else "Trueup's count"


def _run(subject: str, facts: Facts) -> Told:
    changed, failed = _number(facts, "updated"), _number(facts, "errors")
    left, state = _number(facts, "skipped") + _number(facts, "cancelled"), facts.get("state")
    name, link = _run_name(facts), f"/history/{subject}"
    if state == "failed":
        why = str(facts.get("failure") or "It could not begin.")
        return Told(
            f"{name} could not start", f"{why} Nothing was changed.", "Mend what it names, then start it again.", link
        )
    parts = [f"{_places(changed)} changed"]
    if failed:
        parts.append(f"{failed:,} failed")
    if left:
        parts.append(f"{left:,} left as they were" if left != 1 else "1 left as it was")
    how = "was cancelled" if state == "cancelled" else "has ended"
    title = f"{name} {how}: {', '.join(parts)}"
    if failed:
        meaning = f"Where it failed, {_target(facts)} stands as before."
        return Told(title, meaning, "Open the run: it says what to mend and offers to try again what failed.", link)
    meaning = f"{_target(facts)} has the new values." if changed else "No value was changed."
    return Told(title, meaning, "There is nothing to do. Open the run to look at every change, or to undo it.", link)


def _run_waits(subject: str, facts: Facts) -> Told:
    return Told(
        f"{_run_name(facts)} is waiting: {_places(_number(facts, 'open'))} to go",
        wait_explained(str(facts.get("reason"))),
        "It goes on by itself. Open the run to see how far it is, or to cancel the rest.",
        f"/history/{subject}",
    )


def _preview_waits(subject: str, facts: Facts) -> Told:
    differ = _number(facts, "with_discrepancies")
    if differ == 0:
        return Told(
            "A preview found no difference",
            "What was compared agrees with Shopify. Nothing has been changed.",
            "There is nothing to do.",
            f"/?reconcile=choose&preview={subject}",
        )
    boms = "1 BOM differs" if differ == 1 else f"{differ:,} BOMs differ"
    return Told(
        f"A preview is waiting for your decision: {boms}",
        "Nothing has been changed. A preview may be acted on for 24 hours.",
        "Look at what would change and start it, or dismiss the preview.",
        f"/?reconcile=choose&preview={subject}",
    )


def _preview_failed(subject: str, facts: Facts) -> Told:
    why = str(facts.get("failure") or "Shopify could not be read.")
    remedy = str(facts.get("remedy") or "Take a new preview in a few minutes.")
    return Told("A preview failed", f"{why} Nothing has been changed.", remedy, f"/?reconcile=choose&preview={subject}")


def _repair_stopped(_: str, facts: Facts) -> Told:
    return Told(
        "Automatic repair has stopped and needs you",
        f"{_number(facts, 'missed'):,} of {_places(_number(facts, 'cells'))} differ from Shopify without a webhook, "
        "which is more than your limits allow to be repaired unseen. Nothing is repaired until you decide.",
        "Look at the list of missed webhooks, then approve the repair or correct what is wrong.",
        "/drift",
    )


def _repair_resumed(_: str, __: Facts) -> Told:
    return Told(
        "Automatic repair goes on",
        "What it was stopped for is settled. Missed webhooks are repaired again as your policy says.",
        "There is nothing to do.",
        "/drift",
    )


def _drift_found(_: str, __: Facts) -> Told:
    return Told(
        "Shopify changed without telling Trueup",
        "Its webhook never came; Trueup has found the change by looking. What happens now follows your policy.",
        "Look at the list of missed webhooks: it says what was repaired, and what waits for you.",
        "/drift",
    )


_SKIPPED = {
    "missed": "Nobody was there to begin it in time, and the schedule says that missed runs are skipped.",
    "overlap": "The run before it had not ended.",
    "shop_not_active": "Shopify takes no calls for this shop now.",
    "changed": "The schedule was changed before it could begin.",
    "time_zone_unknown": "The time zone of the schedule, or of the shop, is not known any more.",
    "not_begun": "It could not be begun, however often that was tried.",
}


def _schedule_waits(_: str, facts: Facts) -> Told:
    number, most = _number(facts, "places"), _number(facts, "largest_move")
    changes = f"It would change {_places(number)}"
    why = {
        "move": f"{changes}, one of them by {most:,} units, which is more than it may without you.",
        "share": f"{changes} of {_number(facts, 'compared'):,}, which is more at once than it may without you.",
        "breaker": f"{changes}, while automatic repair has stopped: no schedule goes around that.",
    }.get(str(facts.get("reason")), f"{changes}.")
    return Told(
        f"The schedule “{facts.get('name')}” waits for you",
        f"{why} Nothing has been changed.",
        "Look at what it would change, then let it run or skip it. Its next run compares anew.",
        "/schedules",
    )


def _schedule_failed(_: str, facts: Facts) -> Told:
    lost = facts.get("outcome") == "lost"
    return Told(
        f"The schedule “{facts.get('name')}” failed",
        "The records of its run are gone." if lost else "Its run could not be carried out. Nothing was changed by it.",
        "Look at the schedule's runs. It tries again at its next time.",
        "/schedules",
    )


def _schedule_skipped(_: str, facts: Facts) -> Told:
    why = _SKIPPED.get(str(facts.get("reason")), "It could not begin.")
    return Told(
        f"The schedule “{facts.get('name')}” was skipped",
        f"{why} Nothing was changed.",
        "Look at the schedule. It runs again at its next time.",
        "/schedules",
    )


def _import_waits(_: str, facts: Facts) -> Told:
    makes, refused = _number(facts, "makes"), _number(facts, "refused")
    rest = f" {_rows(refused)} cannot be imported." if refused else ""
    return Told(
        "An import is waiting for your decision",
        f"It would make or change {_boms(makes)}.{rest} Nothing has been made yet.",
        "Look at what it would do, then import it or discard it. After a day it has to be looked at anew.",
        "/import",
    )


def _import_ended(_: str, facts: Facts) -> Told:
    refused = _number(facts, "refused")
    if refused:
        return Told(
            f"An import has ended: {_rows(refused)} could not be imported",
            "The BOMs that it could match are in the list.",
            "Its report names each row, and what to do. Correct these rows, then import the file again.",
            "/import",
        )
    return Told(
        "An import has ended", "Its BOMs are in the list.", "Count what is on the shelf, or take a preview.", "/import"
    )


def _boms(number: int) -> str:
    return "1 BOM" if number == 1 else f"{number:,} BOMs"


def _rows(number: int) -> str:
    return "1 row" if number == 1 else f"{number:,} rows"


def _webhooks_silent(_: str, facts: Facts) -> Told:
    return Told(
        "Shopify no longer sends webhooks",
        f"None has come for a while, where at least {_number(facts, 'expected'):,} usually come in these hours. "
        "Trueup still compares by itself, but learns of changes later.",
        "If the shop is open and selling, open the app once from Shopify's admin: that sets the webhooks up anew.",
        "/drift",
    )


def _shop_paused(_: str, facts: Facts) -> Told:
    detail = facts.get("detail")
    why = pause_explained(str(facts.get("reason")), None if detail is None else str(detail))
    return Told("The app is paused", f"{why.message} Runs that have begun wait.", why.remedy, "/")


def _shop_resumed(_: str, __: Facts) -> Told:
    return Told(
        "The app works again",
        "Shopify answers it again. Runs that waited go on by themselves.",
        "There is nothing to do.",
        "/",
    )


def _target_disabled(_: str, facts: Facts) -> Told:
    return Told(
        "An address no longer gets notifications",
        f"{facts.get('url')} has not taken what was sent to it for long, so nothing is sent there any more.",
        "Mend the receiver, then switch the address on again. What it missed can be sent again.",
        "/notifications",
    )


_WORDS: Mapping[Matter, Callable[[str, Facts], Told]] = {
    Matter.RUN_ENDED: _run,
    Matter.RUN_TROUBLED: _run,
    Matter.RUN_WAITS: _run_waits,
    Matter.PREVIEW_WAITS: _preview_waits,
    Matter.PREVIEW_FAILED: _preview_failed,
    Matter.REPAIR_ENDED: _run,
    Matter.REPAIR_STOPPED: _repair_stopped,
    Matter.REPAIR_RESUMED: _repair_resumed,
    Matter.DRIFT_FOUND: _drift_found,
    Matter.SCHEDULE_WAITS: _schedule_waits,
    Matter.SCHEDULE_FAILED: _schedule_failed,
    Matter.SCHEDULE_SKIPPED: _schedule_skipped,
    Matter.IMPORT_WAITS: _import_waits,
    Matter.IMPORT_ENDED: _import_ended,
    Matter.IMPORT_TROUBLED: _import_ended,
    Matter.WEBHOOKS_SILENT: _webhooks_silent,
    Matter.SHOP_PAUSED: _shop_paused,
    Matter.SHOP_RESUMED: _shop_resumed,
    Matter.TARGET_DISABLED: _target_disabled,
}
