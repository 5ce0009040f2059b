"""How imports, their items and lines stand in documents."""

from __future__ import annotations

from shared.mongodb.catalogue.import_records import (
    AskedBom,
    AskedOnPage,
    ExportLine,
    Import,
    ImportItem,
    ImportLevel,
    ImportLine,
    ImportPhase,
    ImportState,
    ImportVariant,
    ItemsWanted,
    LineMatch,
    ListedItem,
    ListedVariant,
    Made,
    Refused,
    StillListed,
    Why,
)
from shared.mongodb.schema import Document

_WITH_BOM: Document = {"bom": {"$ne": None}}
_MADE: Document = {"made": {"$in": [str(Made.NEW), str(Made.CHANGED), str(Made.KNOWN)]}}

ITEM_QUERIES: dict[ItemsWanted, Document] = {
    ItemsWanted.ANY: {},
    ItemsWanted.WITH_BOM: _WITH_BOM,
    ItemsWanted.TO_MAKE: {**_WITH_BOM, "made": None},
    ItemsWanted.MADE: _MADE,
    ItemsWanted.TO_BASE: {**_MADE, "tally": None},
    ItemsWanted.REFUSED: {"made": str(Made.REFUSED), "bom.line": None},
}
"""As conditions on documents."""


def import_of(document: Document) -> Import:
    """From its document."""
    return Import(
        shop=document["shop"],
        import_id=document["import_id"],
        source=document["source"],
        state=ImportState(document["state"]),
        phase=ImportPhase(document["phase"]),
        cursor=document["cursor"],
        started_at=document["started_at"],
        finished_at=document["finished_at"],
        page=None if "page" not in document else _page(document["page"]),
    )


def _page(stored: Document) -> AskedOnPage:
    return AskedOnPage(**{name: value for name, value in stored.items() if name != "next_at"})


def item_of(document: Document) -> ImportItem:
    """From its document; what nobody has said of it yet is not there."""
    get = document.get
    asked, made, refused, foreseen = get("bom"), get("made"), get("refusal"), get("foreseen")
    variants: Document = get("variants") or {}
    return ImportItem(
        item_id=document["item_id"],
        sku=get("sku"),
        sku_key=get("sku_key"),
        tracked=bool(get("tracked")),
        variants=tuple([_variant(this_id, variants[this_id]) for this_id in sorted(variants, key=int)]),
        asked=None if asked is None else _asked(asked),
        made=None if made is None else Made(made),
        bom_id=get("bom_id"),
        refused=None if refused is None else _refused(refused),
        listed=bool(get("listed")),
        foreseen=None if foreseen is None else Made(foreseen),
        levels={place: ImportLevel(**level) for place, level in (get("levels") or {}).items()},
        revs=get("revs") or {},
    )


def line_of(document: Document) -> ImportLine:
    """From its document."""
    asked = document.get("bom")
    return ImportLine(
        line=document["line"],
        name=document["name"],
        variant_id=document["variant_id"],
        sku=document["sku"],
        tags=tuple(document["tags"]),
        tracks=document["tracks"],
        bom_id=document["bom_id"],
        item_id=document["item_id"],
        asked=None if asked is None else _asked(asked),
        refused=None if document["why"] is None else _refused(document),
    )


def line_fields(line: ImportLine) -> Document:
    """A line as it is kept before anybody has looked for its item."""
    fields: Document = {
        "line": line.line,
        "name": line.name,
        "variant_id": line.variant_id,
        "sku": line.sku,
        "tags": list(line.tags),
        "tracks": line.tracks,
        "bom_id": line.bom_id,
        "item_id": line.item_id,
        "why": None,
    }
    return fields if line.refused is None else fields | refused_fields(line.refused)


def match_fields(match: LineMatch) -> Document:
    """What a line's document says of its item."""
    fields: Document = {"item_id": match.item_id}
    if match.refused is not None:
        return fields | refused_fields(match.refused)
    return fields if match.asked is None else {**fields, "bom": asked_fields(match.asked)}


def refused_fields(refused: Refused) -> Document:
    """As a part of a document."""
    fields: Document = {"why": str(refused.why), "message": refused.message}
    return fields if refused.variants is None else {**fields, "variants": list(refused.variants)}


def asked_fields(asked: AskedBom) -> Document:
    """As a part of a document."""
    return {
        "bom_id": asked.bom_id,
        "name": asked.name,
        "tags": list(asked.tags),
        "tracks": asked.tracks,
        "line": asked.line,
    }


def staged_fields(line: ExportLine) -> Document:
    """What a line of an export says of its item."""
    if isinstance(line, ListedItem):
        return {
            "sku": line.sku,
            "sku_key": line.sku_key,
            "sku_likeness": line.sku_likeness,
            "tracked": line.tracked,
        }
    if isinstance(line, ListedVariant):
        variant = line.variant
        fields: Document = {"name": variant.name, "bundle": variant.bundle, "tags": list(variant.tags)}
        return {f"variants.{variant.variant_id}": fields}
    if isinstance(line, StillListed):
        return {"listed": True, "tracked": line.tracked}
    level = line.level
    return {
        f"levels.{line.location_id}": {
            "active": level.active,
            "location_active": level.location_active,
            "available": level.available,
            "updated_at": level.updated_at,
        }
    }


def _variant(variant_id: str, stored: Document) -> ImportVariant:
    return ImportVariant(variant_id, stored["name"], stored["bundle"], tuple(stored["tags"]))


def _asked(stored: Document) -> AskedBom:
    return AskedBom(stored["bom_id"], stored["name"], tuple(stored["tags"]), stored["tracks"], stored["line"])


def _refused(stored: Document) -> Refused:
    variants = stored.get("variants")
    return Refused(Why(stored["why"]), stored["message"], None if variants is None else tuple(variants))
