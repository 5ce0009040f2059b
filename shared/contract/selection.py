"""The wire form of a selection, shared by messages and the HTTP API."""

from __future__ import annotations

from functools import cached_property
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from shared.contract.words import Id, LocationId, Words
from shared.domain.cell import CellKey
from shared.domain.comparison import CellClass
from shared.domain.selection import Filtered, Grid, Picked, Selection

MAX_LEFT_OUT = 5000
"""Cells left out one by one; more are left out by their BOM or class."""

MAX_NAMED_APART = 200
"""BOMs left out as a whole, and cells kept of what is left out as a whole: a job's document holds their lists."""

MAX_EXCEPT = 500
"""Exceptions of a filter, BOM by BOM: as many as a person unticks. For more there are narrower filters."""


class CellRef(BaseModel):
    """One BOM at one location."""

    model_config = ConfigDict(extra="forbid")

    bom_id: Id
    location_id: LocationId


class FilterBody(BaseModel):
    """BOMs found when the work is planned."""

    model_config = ConfigDict(extra="forbid")

    text: Annotated[Words, Field(max_length=200)] | None = Field(None, description="Part of the BOM's name or id.")
    tag: Annotated[Words, Field(max_length=200)] | None = None
    tracks_pre_assembled: bool | None = Field(None, strict=True)
    location_ids: list[LocationId] | None = Field(None, min_length=1, max_length=1000)
    cell_class: CellClass | None = Field(
        None, description="BOMs with a cell of this class as known without asking Shopify; in_sync: with none other."
    )
    differs: bool | None = Field(None, strict=True, description="BOMs with a cell known to differ, or without one.")
    # Left away where there are none: an earlier build that runs beside this one does not know the field.
    except_bom_ids: list[Id] | None = Field(
        None,
        fail_fast=True,
        min_length=1,
        max_length=MAX_EXCEPT,
        exclude_if=lambda ids: ids is None,
        description="All that the filter finds but these BOMs; one that it does not find is an exception all the same.",
    )


class LeaveOut(BaseModel):
    """Rows of a preview that are to be no part of the job made of it."""

    model_config = ConfigDict(extra="forbid")

    classes: list[CellClass] | None = Field(None, min_length=1, max_length=len(CellClass))
    cells: list[CellRef] | None = Field(None, fail_fast=True, min_length=1, max_length=MAX_LEFT_OUT)
    bom_ids: list[Id] | None = Field(
        None, fail_fast=True, min_length=1, max_length=MAX_NAMED_APART, description="BOMs with all their cells."
    )
    keep: list[CellRef] | None = Field(
        None,
        fail_fast=True,
        min_length=1,
        max_length=MAX_NAMED_APART,
        description="Cells that stay part of the job although their class or BOM is left out.",
    )

    def has(self, key: CellKey, cell_class: str | None) -> bool:
        """Whether the row of this cell is left out."""
        if key in self._cells:
            return True
        as_a_whole = cell_class in self._classes or key.bom_id in self._boms
        return as_a_whole and key not in self._kept

    @cached_property
    def _classes(self) -> frozenset[str]:
        return frozenset(self.classes or ())

    @cached_property
    def _boms(self) -> frozenset[str]:
        return frozenset(self.bom_ids or ())

    @cached_property
    def _cells(self) -> frozenset[CellKey]:
        return _keys(self.cells)

    @cached_property
    def _kept(self) -> frozenset[CellKey]:
        return _keys(self.keep)


def _keys(cells: list[CellRef] | None) -> frozenset[CellKey]:
    return frozenset(CellKey(cell.bom_id, cell.location_id) for cell in cells or ())


class SelectionBody(BaseModel):
    """Exactly one of: `bom_ids` (a list or "all", optionally with `location_ids`), `cells`, `filter`."""

    model_config = ConfigDict(extra="forbid")

    # Of long lists the first mistake is told: all of them would take longer to tell than the list to read.
    bom_ids: Annotated[list[Id], Field(fail_fast=True, min_length=1, max_length=50_000)] | Literal["all"] | None = None
    location_ids: list[LocationId] | None = Field(None, min_length=1, max_length=1000)
    cells: list[CellRef] | None = Field(None, fail_fast=True, min_length=1, max_length=100_000)
    filter: FilterBody | None = None

    @model_validator(mode="after")
    def _exactly_one_form(self) -> SelectionBody:
        given = [name for name in ("bom_ids", "cells", "filter") if getattr(self, name) is not None]
        if len(given) != 1:
            raise ValueError("give exactly one of bom_ids, cells or filter")
        if self.location_ids is not None and self.bom_ids is None:
            raise ValueError("location_ids goes with bom_ids; a filter has its own, cells name their location")
        return self

    def to_domain(self) -> Selection:
        """The selection as the domain knows it."""
        if self.cells is not None:
            return Picked(frozenset(CellKey(cell.bom_id, cell.location_id) for cell in self.cells))
        if self.filter is not None:
            places = self.filter.location_ids
            return Filtered(
                text=self.filter.text,
                tag=self.filter.tag,
                tracks_pre_assembled=self.filter.tracks_pre_assembled,
                location_ids=None if places is None else frozenset(places),
                cell_class=self.filter.cell_class,
                differs=self.filter.differs,
                except_bom_ids=frozenset(self.filter.except_bom_ids or ()),
            )
        boms = None if self.bom_ids == "all" or self.bom_ids is None else frozenset(self.bom_ids)
        return Grid(boms, None if self.location_ids is None else frozenset(self.location_ids))
