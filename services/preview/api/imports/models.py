"""What the API takes and shows of imports."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AwareDatetime, Base64Bytes, BaseModel, ConfigDict, Field

from services.preview.api.http.responses.pages import Paged
from shared.contract.messages import Ulid
from shared.contract.words import Words

MAX_FILE = 4 * 1024 * 1024
"""Bytes of a file."""

LONGEST_BODY = 6 * 1024 * 1024
"""Bytes of a request with one, written in Base64."""

Kind = Literal["new", "changed", "known", "refused"]


class ImportIn(BaseModel):
    """A file of BOMs; without one, every variant of the shop gets a BOM."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    file_name: Annotated[Words, Field(min_length=1, max_length=200)] | None = None
    content: Base64Bytes | None = Field(
        None,
        description=(
            "The file in Base64: a CSV whose first line names its columns, or a JSON list of objects: name, variant or "
            "sku, tags, tracks_pre_assembled, bom_id."
        ),
    )
    tracks: bool | None = Field(
        None, strict=True, description="Whether finished units are counted, of lines that do not say; none: as it is."
    )


class ImportPath(BaseModel):
    """One import."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    import_id: Ulid


class ImportLines(Paged):
    """Which lines of an import."""

    import_id: Ulid
    kind: Kind = Field("refused", description="What would become of them.")


class ImportProgress(BaseModel):
    """How far an import is."""

    doing: str = Field(description="waiting, blocked, items, foresee, boms, levels or bases.")
    done: int
    total: int | None


class Foreseen(BaseModel):
    """What an import would make."""

    new: int
    changed: int
    known: int = Field(description="They are so already.")
    not_named: int = Field(description="BOMs that the file does not name. They stay as they are.")
    refused: int = Field(description="Lines that make no BOM.")
    why: dict[str, int] = Field(description="The same by their reasons.")


class ImportResult(BaseModel):
    """What an import has made."""

    new: int
    changed: int
    known: int
    refused: int
    without_bom: int = Field(description="Items of Shopify's that belong to no BOM.")
    untracked: int
    without_sku: int
    several_variants: int
    bundles: int
    places: dict[str, int] = Field(description="By what became of their first values, how many places.")


class ImportOut(BaseModel):
    """An import."""

    import_id: str
    file_name: str | None = Field(description="None: every variant.")
    lines: int
    requested_by: str
    approved_by: str | None
    started_at: AwareDatetime
    finished_at: AwareDatetime | None
    state: Literal["checking", "checked", "applying", "done", "replaced", "discarded"] = Field(
        description="checked: what it would make is known, and it waits for POST …/apply."
    )
    progress: ImportProgress | None
    trouble: str | None = Field(description="Why it does not go on now.")
    foreseen: Foreseen | None
    result: ImportResult | None


class ImportList(BaseModel):
    """Imports, the newest first."""

    items: list[ImportOut]
    next_cursor: str | None


class ImportRow(BaseModel):
    """A line of a file, or an item, and what would become of it."""

    kind: Kind
    line: int | None
    bom_id: str | None
    name: str | None
    sku: str | None
    variant: str | None
    why: str | None = Field(description="Why it makes no BOM.")
    message: str
    remedy: str


class ImportRows(BaseModel):
    """A page of them."""

    items: list[ImportRow]
    next_cursor: str | None
