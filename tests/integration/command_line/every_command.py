"""Every command with a good and a bad use, and the form of its JSON: the table that test_every_command.py goes through.

`{name}` in a use stands for something of the world: a BOM, a location, a job that has ended, a file.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

STORES, HTTP = "stores", "http"

NONE = "01K0000000000000000000000A"
"""The id of nothing."""


@dataclass(frozen=True)
class Use:
    """One command. `whole` and `parts`: what its JSON is made of, by the schemas of the API's description.

    A part in brackets is a list of them. `changes`: it is not run a third time at 80 columns.
    """

    good: str
    bad: str
    named: str
    whole: str | None = None
    parts: Mapping[str, str | list[str]] = field(default_factory=dict)
    json: bool = True
    changes: bool = False
    code: int = 0
    ways: tuple[str, ...] = (STORES, HTTP)


USES: tuple[Use, ...] = (
    Use(
        "reconcile --direction toLocal --all --plan-only",
        "reconcile --all",
        "--direction",
        parts={"preview": "PreviewOut", "changes": "ChangesOut", "rows": ["RowOut"]},
    ),
    Use(
        "reconcile --direction toLocal --preview {preview} --but B3 --yes",
        "reconcile --direction toLocal --preview {none} --yes",
        "--preview",
        whole="JobOut",
        changes=True,
    ),
    Use(
        "previews take --bom B1 --bom B3 --not-compared",
        "previews take --bom B9",
        "--bom",
        whole="PreviewOut",
        parts={"rows": ["RowOut"]},
    ),
    Use("previews list", "previews list --rows some", "--rows", whole="PreviewPage"),
    Use(
        "previews show {preview}",
        "previews show {none}",
        "There is no preview",
        whole="PreviewOut",
        parts={"rows": ["RowOut"]},
    ),
    Use("previews export {preview}", "previews export {none}", "There is no preview", json=False),
    Use("jobs list --direction toLocal", "jobs list --state odd", "--state", whole="JobPage"),
    Use("jobs show {failed}", "jobs show {none}", "JOB", whole="JobOut", parts={"cells": ["JobCellOut"]}),
    Use("jobs watch {failed}", "jobs watch {none}", "JOB", whole="JobOut", parts={"cells": ["JobCellOut"]}, code=1),
    Use("jobs cancel {open}", "jobs cancel {failed}", "it is too late", whole="JobOut", changes=True),
    Use("jobs retry {failed} --mended", "jobs retry {none}", "JOB", whole="JobOut", changes=True),
    Use("jobs undo {undoable} --yes", "jobs undo {undoable}", "--yes", whole="JobOut", changes=True),
    Use("jobs note {failed} looked", "jobs note {failed}", "TEXT", whole="JobOut", changes=True),
    Use("jobs export", "jobs export {none}", "JOB", json=False),
    Use("jobs export {failed}", "jobs export {failed} --output /no/such/folder/x.csv", "--output", json=False),
    Use("boms list", "boms list --class odd", "--class", whole="BomPage"),
    Use("boms show B1", "boms show B9", "BOM: there is no BOM B9", whole="BomListed"),
    Use("boms map B1 --item {item} --yes", "boms map B1 --item x --yes", "--item", whole="BomOut"),
    Use("boms remove {spare} --yes", "boms remove {spare}", "--yes", whole="BomListed", changes=True),
    Use(
        "boms import --boms {boms_file} --yes",
        "boms import",
        "--boms",
        whole="ImportOut",
        changes=True,
        ways=(HTTP,),
    ),
    Use("locations list", "locations list --shop other.myshopify.com", "--shop", whole="LocationList"),
    Use("cells show B1 {place}", "cells show B1 nowhere", "LOCATION: there is no location", whole="CellOut"),
    Use("cells history B1 {place}", "cells history B9 {place}", "BOM", whole="StoryPage"),
    Use("cells export B1 {place}", "cells export B9 {place}", "BOM", json=False),
    Use("counts set B1 {place} 7", "counts set B1 {place} many", "COUNT", whole="CountsDone", changes=True),
    Use(
        "counts import {counts_file} --yes",
        "counts import /no/such/file --yes",
        "FILE /no/such/file",
        whole="CountsDone",
        parts={"refused": ["RefusedCount"]},
        changes=True,
        code=1,
    ),
    Use("counts sheet {place}", "counts sheet nowhere", "LOCATION", json=False),
    Use("schedules list", "schedules list --rows 3", "--rows", whole="ScheduleList"),
    Use("schedules show {schedule}", "schedules show {none}", "SCHEDULE", whole="ScheduleOut"),
    Use(
        "schedules add --name night --direction toLocal --all --at 03:00 --days mon,tue --time-zone UTC --max-move 50",
        "schedules add --name night --direction toLocal --all",
        "--at",
        whole="ScheduleOut",
        changes=True,
    ),
    Use("schedules pause {schedule}", "schedules pause {none}", "SCHEDULE", whole="ScheduleOut", changes=True),
    Use("schedules resume {schedule}", "schedules resume {none}", "SCHEDULE", whole="ScheduleOut", changes=True),
    Use("schedules run {made}", "schedules run {none}", "SCHEDULE", whole="RunOut", changes=True),
    Use("schedules runs {schedule}", "schedules runs {none}", "SCHEDULE", whole="RunPage"),
    Use("schedules approve {schedule} {none}", "schedules approve {schedule}", "RUN", json=False, code=2),
    Use("schedules decline {schedule} {none}", "schedules decline {schedule}", "RUN", json=False, code=2),
    Use("schedules remove {made} --yes", "schedules remove {schedule}", "--yes", whole="ScheduleOut", changes=True),
    Use("policy show", "policy show --shop odd", "--shop", whole="DriftPolicy"),
    Use("policy set --max-move 500", "policy set", "--max-move", whole="DriftPolicy", changes=True),
    Use("drift list", "drift list --state odd", "state", whole="DriftPage"),
    Use("drift plan", "drift plan --json --odd", "--odd", whole="RepairPlanOut"),
    Use("drift approve", "drift approve --location nowhere", "--location", code=2, json=False),
    Use("drift look --full", "drift look --odd", "--odd", whole="SweepOut", changes=True),
    Use("drift hours", "drift hours --since yesterday", "--since", whole="DriftHistoryOut"),
    Use("shop list", "shop list --odd", "--odd", parts={"items": ["ShopOut"]}),
    Use("shop show", "shop show --shop odd", "--shop", whole="ShopOut", parts={"settings": "SettingsOut"}),
    Use("shop set --allow-negative", "shop set --allow-negative=odd", "--allow-negative", whole="SettingsOut"),
    Use("shop pause", "shop pause odd", "odd", whole="ShopOut", changes=True),
    Use("shop resume", "shop resume odd", "odd", whole="ShopOut", changes=True),
    Use("audit list", "audit list --rows -1", "--rows", whole="AuditPage"),
    Use("completion bash", "completion csh", "csh", json=False),
    Use("keys list", "keys list --odd", "--odd", ways=(STORES,)),
    Use("keys add --may read --name till", "keys add", "--may", ways=(STORES,), changes=True),
    Use("audit list --no-shop", "audit list --no-shop --rows x", "--rows", whole="AuditPage", ways=(STORES,)),
    Use("drift sweep", "drift sweep --odd", "--odd", ways=(STORES,)),
    Use("dead-letters list", "dead-letters list --odd", "--odd", ways=(STORES,)),
    Use("dead-letters replay --all", "dead-letters replay", "--all", ways=(STORES,)),
    Use("shop rotate-keys", "shop rotate-keys --odd", "--odd", ways=(STORES,)),
    Use("shop redact other.myshopify.com --yes", "shop redact odd --yes", "odd", ways=(STORES,)),
    Use("boms import --boms {boms_file}", "boms import --all-variants --boms x", "--boms", ways=(STORES,)),
    Use("after-restore --yes", "after-restore", "--yes", ways=(STORES,)),
    Use("prepare", "prepare now", "now", json=False, ways=(STORES,)),
)
"""Those that change what others look at stand last."""

ELSEWHERE = {
    "certify": "tests/integration/certify",
    "keys revoke": "tests/integration/api/access",
    "serve": "tests/integration/command_line/starts",
    "shop add": "tests/integration/command_line/test_command_line.py",
}
"""Commands with their good and bad uses where their surroundings are."""
