"""What a run would change, shown before anybody is asked, and whether it lies within the shop's limits."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import TYPE_CHECKING

from services.command_line.commands.runs.previews import Shown, rows_of
from services.command_line.terminal.documents import print_with_lists
from services.command_line.terminal.tables import Column, number, show_table, signed
from shared.domain.comparison import Direction
from shared.domain.drift import FEW_CELLS

if TYPE_CHECKING:
    from services.command_line.api.client import Api, Json
    from services.command_line.terminal.terminal import Terminal

_ALL = Shown(limit=0)


async def changes_of(api: Api, preview_id: str, direction: Direction, leave_out: Json | None, options: Json) -> Json:
    """What a run over a preview would change."""
    asked = {"direction": direction, "options": options, **({} if leave_out is None else {"leave_out": leave_out})}
    return await api.post(f"/api/previews/{preview_id}/changes", asked)


class Plan:
    """A preview, and what a run of it in one direction would change."""

    def __init__(self, preview: Json, changes: Json, leave_out: Json | None) -> None:
        self.preview = preview
        self.changes = changes
        self._left_classes = frozenset((leave_out or {}).get("classes") or ())
        self._left_boms = frozenset((leave_out or {}).get("bom_ids") or ())

    @property
    def is_empty(self) -> bool:
        """Whether the sides agree wherever they could be compared."""
        return not any(cells for name, cells in self.preview["classes"].items() if name != "in_sync")

    def beyond(self, policy: Json) -> list[str]:
        """The limits of the shop's policy that the run would pass, each with both values."""
        changes, told = self.changes, []
        if changes["largest"] > policy["max_move"]:
            told.append(f"the largest move is {changes['largest']} units, and the limit is {policy['max_move']}")
        compared = sum(self.preview["classes"].values())
        # A first number overwrites nothing.
        overwritten = changes["cells"] - changes["first_counts"]
        if overwritten > FEW_CELLS and overwritten > policy["max_share"] * compared:
            told.append(
                f"{overwritten} of {compared} cells change ({overwritten / compared:.0%}), and the limit is "
                f"{policy['max_share']:.0%}"
            )
        return told

    async def rows(self, api: Api) -> AsyncIterator[Json]:
        """The rows that differ and are not left out, the largest first."""
        async for row in rows_of(api, self.preview, _ALL):
            if row["cell_class"] not in self._left_classes and row["bom_id"] not in self._left_boms:
                yield row

    async def print_json(self, api: Api) -> None:
        """The plan as one document."""
        await print_with_lists({"preview": self.preview, "changes": self.changes, "rows": self.rows(api)})

    async def show(self, api: Api, out: Terminal, *, limit: int) -> None:
        """Place by place, then the sums, the extremes, what cannot be changed and what it takes."""
        to_shopify = self.changes["direction"] == Direction.TO_SHOPIFY
        side = "Shopify" if to_shopify else "Local"
        columns = (Column("BOM", "name", 3), Column("Location", "name", 2), Column(side), Column("Class"))
        lines: list[Sequence[str]] = []
        async for row in self.rows(api):
            if limit and len(lines) == limit:
                break
            if (step := _step(row, to_shopify=to_shopify)) is not None:
                place = row["location_name"] or row["location_id"]
                lines.append((row["bom_name"] or row["bom_id"], place, step, row["cell_class"]))
        if lines:
            show_table(out, columns, lines)
        if self.changes["cells"] > len(lines):
            out.print(f"… and {self.changes['cells'] - len(lines)} more: --rows 0 shows all")
        self._show_sums(out, "Shopify" if to_shopify else "the local records")

    def _show_sums(self, out: Terminal, side: str) -> None:
        changes = self.changes
        out.print(
            f"Plan: {changes['cells']} cells of {changes['boms']} BOMs change in {side}: "
            f"{signed(changes['up'])} and {signed(-changes['down'])} units"
        )
        for name, moved in (("largest rise", changes["rise"]), ("largest fall", changes["fall"])):
            if moved is not None:
                what = f"{moved['bom_name'] or moved['bom_id']} at {moved['location_name'] or moved['location_id']}"
                step = f"{number(moved['before'])} -> {number(moved['after'])} ({signed(moved['by'])})"
                out.print(f"{name}: {what}, {step}")
        if changes["emptied"]:
            out.print(f"{changes['emptied']} of them go to zero or below")
        if changes["first_counts"]:
            out.print(f"{changes['first_counts']} of them get their first number")
        for what, counted in (("cannot be changed", changes["refused"]), ("not compared", changes["not_compared"])):
            for one in counted:
                out.print(
                    f"{what}: {one['code']} ({one['count']}): {one['message'] or ''} {one['remedy'] or ''}".rstrip()
                )
        if changes["left_out"]:
            out.print(f"{changes['left_out']} cells that differ are left out")
        effort = changes["effort"]
        out.print(f"about {effort['calls']} calls to Shopify, {effort['points']} points, {effort['seconds']} s")


def _step(row: Json, *, to_shopify: bool) -> str | None:
    """`10 -> 12 (+2)` on the side that receives; None where it stays as it is."""
    before, after = (
        (row["shopify_value"], row["shopify_becomes"]) if to_shopify else (row["local_value"], row["local_becomes"])
    )
    if after is None:
        return None
    by = "" if before is None else f" ({signed(after - before)})"
    return f"{number(before)} -> {number(after)}{by}"
