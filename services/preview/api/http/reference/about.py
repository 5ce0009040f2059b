"""What the description says of the tags, and of each operation beside what its route says itself."""

from __future__ import annotations

from services.preview.api.http.deprecation import described
from services.preview.api.http.route import AnyRoute
from services.preview.api.scopes import NEEDED_TOO

TAGS = {
    "records": "The app's own BOMs and the shop's locations: the list that a merchant works from.",
    "previews": "Comparisons of both sides, cell by cell, with what a run would change. Nothing is changed by one.",
    "jobs": "Runs that settle differences in one direction: start, watch, cancel, retry, undo, and their history.",
    "cells": "One BOM at one location: its values, its count, and everything that has happened to it.",
    "drift": "Changes at Shopify of which no webhook told: the evidence, the policy of repair, a person's say.",
    "schedules": "Previews and reconciles that run by themselves, within limits.",
    "notices": "What the shop was told, and what waits for somebody.",
    "notifications": "Who is told: addresses of outgoing webhooks with their deliveries, and mail.",
    "keys": "Keys by which servers speak for the shop.",
    "settings": "What holds for every run.",
    "counts": "Taking stock, by hand and by file.",
    "imports": "BOMs from a file, or of every variant; nothing is made before it was looked at.",
    "variants": "Shopify's variants, to map a BOM to one.",
    "audit": "Who did what.",
    "shop": "The shop itself.",
}


def about_operation(route: AnyRoute) -> str:
    """What it does, and what holds for all of its kind."""
    parts = [route.description or f"{route.summary}."]
    if (too := NEEDED_TOO.get(route.name)) is not None:
        parts.append(too.told)
    names = route.params.model_fields
    if "cursor" in names:
        parts.append("A page at a time: pass `next_cursor` as `cursor`, as it is, until there is none.")
    if "offset" in names:
        parts.append("The list can also be entered at any place, by `offset`.")
    if route.lasts == "stream":
        parts.append("The present state comes first, then each newer one. It ends with its token: open it again.")
    if route.lasts == "export":
        parts.append("A text that a spreadsheet could take for a formula has an apostrophe before it.")
    if route.act is not None:
        parts.append(f"It stands in the audit log as `{route.act}`.")
    if route.deprecated is not None:
        parts.append(described(route.deprecated))
    return " ".join(parts)
