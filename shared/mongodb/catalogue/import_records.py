"""An import, its items and the lines of its file as all but their stores see them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import Enum, StrEnum, auto


class ImportState(StrEnum):
    """Where an import stands."""

    RUNNING = "running"
    DONE = "done"
    REPLACED = "replaced"
    """By a newer one of another source."""
    CHECKED = "checked"
    """What it would make is known, and a person is to say whether it may."""
    DISCARDED = "discarded"
    """A person has said that it may not."""


class ImportPhase(StrEnum):
    """What an import does next."""

    ITEMS = "items"
    LINES = "lines"
    MATCH = "match"
    FORESEE = "foresee"
    BOMS = "boms"
    LEVELS = "levels"
    BASES = "bases"
    READS = "reads"
    DONE = "done"


class Made(StrEnum):
    """What was made of an item's BOM."""

    NEW = "new"
    CHANGED = "changed"
    KNOWN = "known"
    REFUSED = "refused"


class Why(StrEnum):
    """Why a line was refused."""

    WRONG_LINE = "WRONG_LINE"
    UNKNOWN_VARIANT = "UNKNOWN_VARIANT"
    UNKNOWN_SKU = "UNKNOWN_SKU"
    DUPLICATE_SKU = "DUPLICATE_SKU"
    SKU_OF_ANOTHER_VARIANT = "SKU_OF_ANOTHER_VARIANT"
    ITEM_TWICE = "ITEM_TWICE"
    BOM_ID_TWICE = "BOM_ID_TWICE"
    ITEM_IN_USE = "ITEM_IN_USE"
    MADE_ANEW = "MADE_ANEW"
    NO_NAME = "NO_NAME"
    TOO_MANY = "TOO_MANY"


class ItemsWanted(Enum):
    """Which items of an import are read or counted."""

    ANY = auto()
    WITH_BOM = auto()
    """A BOM is to be made of them, or was."""
    TO_MAKE = auto()
    MADE = auto()
    """They have their BOM."""
    TO_BASE = auto()
    """They have their BOM, and nothing was decided about their cells."""
    REFUSED = auto()
    """They made no BOM, and no line of a file has asked for one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedOnPage:
    """What is kept of an import that a person has asked for on the page: nothing is made before it is approved.

    `file` None: every variant; `lines`: of the file; `doing`, `done`, `total`: how far it is; `trouble`: why it does
    not go on now, in words for that person; `foreseen`: by what would become of them, how many lines or items;
    `result`: by what has become of them.
    """

    file: str | None
    lines: int
    tracks: bool | None
    by: str
    approved_by: str | None = None
    doing: str | None = None
    done: int = 0
    total: int | None = None
    trouble: str | None = None
    foreseen: Mapping[str, int] | None = None
    result: Mapping[str, int] | None = None


@dataclass(frozen=True, slots=True)
class Import:
    """An import. `source`: a digest of what was asked for; `cursor`: where a page-wise reading of items has got to."""

    shop: str
    import_id: str
    source: str
    state: ImportState
    phase: ImportPhase
    cursor: str | None
    started_at: datetime
    finished_at: datetime | None
    page: AskedOnPage | None = None

    @property
    def seconds(self) -> float:
        """How long it has taken; zero while it runs."""
        return 0.0 if self.finished_at is None else (self.finished_at - self.started_at).total_seconds()


@dataclass(frozen=True, slots=True)
class ImportVariant:
    """A variant of an item. `bundle`: Shopify computes its stock from components."""

    variant_id: str
    name: str
    bundle: bool
    tags: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ImportLevel:
    """An item at a location as an export shows it; `updated_at` in Shopify's own words."""

    active: bool
    location_active: bool
    available: int | None
    updated_at: str


@dataclass(frozen=True, slots=True)
class ListedItem:
    """A line of an export: an item. `sku_key` and `sku_likeness`: by which its SKU is compared."""

    item_id: str
    sku: str | None
    sku_key: str | None
    sku_likeness: str | None
    tracked: bool


@dataclass(frozen=True, slots=True)
class ListedVariant:
    """A line of an export: a variant of an item."""

    item_id: str
    variant: ImportVariant


@dataclass(frozen=True, slots=True)
class StillListed:
    """A line of the levels' export: an item that is there."""

    item_id: str
    tracked: bool


@dataclass(frozen=True, slots=True)
class ListedLevel:
    """A line of the levels' export: an item at a location."""

    item_id: str
    location_id: str
    level: ImportLevel


ExportLine = ListedItem | ListedVariant | StillListed | ListedLevel


@dataclass(frozen=True, slots=True)
class AskedBom:
    """The BOM that an item is to have. `tags` of a line: none given, as they are; `line` None: no file asks for it."""

    bom_id: str | None
    name: str
    tags: tuple[str, ...]
    tracks: bool | None
    line: int | None


@dataclass(frozen=True, slots=True)
class Refused:
    """A line, or an item, makes no BOM. `variants`: those that are meant, perhaps; None: nobody has looked."""

    why: Why
    message: str
    variants: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class MadeBom:
    """An item and the BOM that was made of it."""

    item_id: str
    bom_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportItem:
    """An item as Shopify has listed it, and what an import makes of it.

    `variants` in the order of their ids; `revs`: of its cells by location, as noted before the levels are read.
    """

    item_id: str
    sku: str | None
    sku_key: str | None
    tracked: bool
    variants: tuple[ImportVariant, ...]
    asked: AskedBom | None
    made: Made | None
    bom_id: str | None
    refused: Refused | None
    listed: bool
    foreseen: Made | None = None
    levels: Mapping[str, ImportLevel]
    revs: Mapping[str, int]

    @property
    def own_name(self) -> str | None:
        """Shopify's own name for it."""
        return next((variant.name for variant in self.variants if variant.name), None)

    @property
    def made_bom(self) -> MadeBom:
        """Its BOM. Raises LookupError where none was made."""
        if self.bom_id is None:
            raise LookupError(f"no BOM was made of item {self.item_id}")
        return MadeBom(self.item_id, self.bom_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportLine:
    """A line of the file, by its number. `item_id`: whose it was found to be; `asked`: the BOM that it makes."""

    line: int
    name: str | None
    variant_id: str | None
    sku: str | None
    tags: tuple[str, ...]
    tracks: bool | None
    bom_id: str | None
    item_id: str | None = None
    asked: AskedBom | None = None
    refused: Refused | None = None


@dataclass(frozen=True, slots=True)
class LineMatch:
    """What a line is to be made of: its item and BOM, or why it makes none."""

    item_id: str | None
    asked: AskedBom | None = None
    refused: Refused | None = None
