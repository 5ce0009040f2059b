"""One thing that Trueup believes of Shopify."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum, auto


class Source(StrEnum):
    """Where a belief is from."""

    DOCUMENTATION = auto()
    RECORDING = auto()
    """Seen in a recorded exchange with a real development store."""
    SCHEMA = auto()
    ASSUMPTION = auto()
    """Nobody has shown it: Trueup is right either way, and `otherwise` says what the other way costs."""


@dataclass(frozen=True, slots=True)
class Fact:
    """`believed` is a sentence that a probe finds word for word where it is so.

    `relied_on`: the modules that would have to change if it were never so; each names the fact's id.
    `otherwise`: what Trueup does where it is not so. `probe` tries it; without one `untried` says why not.
    """

    id: str
    believed: str
    source: Source
    relied_on: tuple[str, ...]
    otherwise: str
    probe: str | None = None
    untried: str | None = None

    def __post_init__(self) -> None:
        if (self.probe is None) == (self.untried is None):
            raise ValueError(f"fact {self.id}: either a probe, or why there is none")
