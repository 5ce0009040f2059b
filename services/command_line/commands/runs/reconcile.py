"""`trueup reconcile`: shows what will change, asks, and has exactly that done."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ulid import ULID

from services.command_line.commands.runs.plan import Plan, changes_of
from services.command_line.commands.runs.previews import take
from services.command_line.commands.runs.selections import must_exist, selection_of
from services.command_line.commands.runs.watching import watch_job
from services.command_line.outcome import BeyondLimitsError, Exit, WrongUseError
from services.command_line.terminal.confirmation import confirm
from services.command_line.terminal.documents import print_json
from services.command_line.terminal.tables import console
from services.command_line.terminal.terminal import progress, results

if TYPE_CHECKING:
    from services.command_line.api.client import Api, Json
    from shared.domain.comparison import Direction


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be reconciled: a preview that was seen, or what is selected."""

    direction: Direction
    boms: Sequence[str] = ()
    locations: Sequence[str] = ()
    everything: bool = False
    but: Sequence[str] = ()
    leave_out: Sequence[str] = ()
    preview_id: str | None = None
    activate: bool = False

    def selection(self) -> Json | None:
        """What a preview is to be taken of; None: it was taken. Raises WrongUseError."""
        if self.preview_id is None:
            return selection_of(self.boms, self.locations, everything=self.everything, but=self.but)
        if self.boms or self.everything or self.locations:
            raise WrongUseError("--preview: the preview says which cells; leave --bom, --all and --location away")
        return None

    def left_out(self) -> Json | None:
        """Rows of the preview that are no part of the run."""
        boms = list(self.but) if self.preview_id is not None else []
        named = {"bom_ids": boms, "classes": list(self.leave_out)}
        return {name: values for name, values in named.items() if values} or None

    def options(self) -> Json:
        """What is chosen for this run alone."""
        return {"activate": True} if self.activate else {}


@dataclass(frozen=True, slots=True)
class Manner:
    """How a run is asked for."""

    yes: bool = False
    yes_beyond_limits: bool = False
    plan_only: bool = False
    exit_code: bool = False
    watch: bool = False
    rows: int = 200
    as_json: bool = False


async def reconcile(api: Api, wanted: Wanted, how: Manner) -> Exit:
    """The whole command. Raises WrongUseError where nobody agrees, BeyondLimitsError."""
    selection = wanted.selection()
    await must_exist(api, wanted.but)
    preview = await (api.get(f"/api/previews/{wanted.preview_id}") if selection is None else take(api, selection))
    if (failure := preview["failure"]) is not None:
        progress().print(f"the preview failed, {failure['code']}: {failure['message']}")
        return Exit.UNREACHABLE
    left_out, preview_id = wanted.left_out(), preview["preview_id"]
    changes = await changes_of(api, preview_id, wanted.direction, left_out, wanted.options())
    plan = Plan(preview, changes, left_out)
    if how.plan_only:
        return await _only_plan(api, plan, wanted, how)
    if not (how.as_json and how.yes):
        await plan.show(api, progress(), limit=how.rows)
    if plan.is_empty and not wanted.activate:
        progress().print("nothing to change: both sides agree wherever they can be compared")
        if how.as_json:
            await plan.print_json(api)
        return Exit.OK
    await _within_limits(api, plan, how)
    confirm(f"Change {changes['cells']} cells of {api.shop}?", yes=how.yes)
    return await _run(api, wanted, preview_id, how)


async def _only_plan(api: Api, plan: Plan, wanted: Wanted, how: Manner) -> Exit:
    if how.as_json:
        await plan.print_json(api)
    else:
        await plan.show(api, results(), limit=how.rows)
        named = "".join(f" --but {bom}" for bom in wanted.but if wanted.preview_id is not None)
        named += "".join(f" --leave-out {one}" for one in wanted.leave_out) + (" --activate" if wanted.activate else "")
        preview_id = plan.preview["preview_id"]
        console().print(
            f"nothing was changed; run exactly this with: "
            f"trueup reconcile --direction {wanted.direction} --preview {preview_id}{named}"
        )
    return Exit.DIFFERS if how.exit_code and plan.changes["cells"] else Exit.OK


async def _within_limits(api: Api, plan: Plan, how: Manner) -> None:
    beyond = plan.beyond(await api.get("/api/drift/policy"))
    if not beyond:
        return
    told = "; ".join(beyond)
    if not how.yes_beyond_limits:
        raise BeyondLimitsError(
            f"--yes-beyond-limits: {told} (trueup policy show); look at the plan, and say it to go on all the same"
        )
    progress().print(f"beyond the shop's limits, as you said: {told}")


async def _run(api: Api, wanted: Wanted, preview_id: str, how: Manner) -> Exit:
    left_out = wanted.left_out()
    job = await api.post(
        "/api/jobs",
        {
            "direction": wanted.direction,
            "preview_id": preview_id,
            "job_id": str(ULID()),
            "options": wanted.options(),
            **({} if left_out is None else {"leave_out": left_out}),
        },
    )
    job_id = job["job_id"]
    if how.watch:
        if not how.as_json:
            console().print(f"job {job_id}")
        return await watch_job(api, job_id, as_json=how.as_json)
    if how.as_json:
        print_json(job)
    else:
        console().print(job_id)
    return Exit.OK
