"""A server's key: how it is written, and what it may do.

`trueup_live_<id>_<secret><checksum>`: a form of its own, so that a scanner of secrets knows one wherever it was left.
The checksum tells a key that was mistyped, or cut when it was copied, without a look at the store; it proves nothing,
since anybody can compute it.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

PREFIX = "trueup_live_"
OWN = "trueup_"
"""What every credential of ours begins with; a session token of Shopify's never does."""

SECRET_BYTES = 32
ID_LENGTH = 12
_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_SECRET_LENGTH = 43
"""Digits to the base of 62 that 256 bits take."""
_CHECKSUM_LENGTH = 6

_FORM = re.compile(
    rf"{PREFIX}([0-9a-z]{{{ID_LENGTH}}})_([0-9A-Za-z]{{{_SECRET_LENGTH}}})([0-9A-Za-z]{{{_CHECKSUM_LENGTH}}})", re.ASCII
)


class Scope(StrEnum):
    """What a key may do; none includes another."""

    READ = "read"
    COUNT = "count"
    RECONCILE = "reconcile"
    PUSH = "push"
    MANAGE = "manage"


SCOPES: Mapping[Scope, str] = {
    Scope.READ: "See the shop's records, and take previews.",
    Scope.COUNT: "Change the app's own records: BOMs, counts, imports.",
    Scope.RECONCILE: "Start, cancel, retry and undo runs, and approve repairs.",
    Scope.PUSH: "With `reconcile`: runs that write to Shopify.",
    Scope.MANAGE: "Change policy, settings, schedules, who is told, and keys that may do no more than this one.",
}
"""What each allows."""


@dataclass(frozen=True, slots=True)
class WrittenKey:
    """The two parts of a key."""

    key_id: str
    secret: str = field(repr=False)


def written(key_id: str, random: bytes) -> str:
    """The key of an id and 32 random bytes."""
    secret = _in_digits(int.from_bytes(random, "big"), _SECRET_LENGTH)
    return f"{PREFIX}{key_id}_{secret}{_checksum(key_id, secret)}"


def read(text: str) -> WrittenKey | None:
    """The parts of a key, None where the text is none, or has been mistyped."""
    found = _FORM.fullmatch(text)
    if found is None or _checksum(found[1], found[2]) != found[3]:
        return None
    return WrittenKey(found[1], found[2])


def id_of(random: bytes) -> str:
    """A key's id, of some random bytes: one of 36^12."""
    return _in_digits(int.from_bytes(random, "big") % 36**ID_LENGTH, ID_LENGTH, 36).lower()


def scopes_problem(scopes: Collection[Scope]) -> str | None:
    """What is wrong with such a choice, None where nothing is."""
    if not scopes:
        return "at least one scope is needed"
    if Scope.PUSH in scopes and Scope.RECONCILE not in scopes:
        return "push is about runs, which need reconcile as well"
    return None


def _checksum(key_id: str, secret: str) -> str:
    return _in_digits(zlib.crc32(f"{PREFIX}{key_id}_{secret}".encode()), _CHECKSUM_LENGTH)


def _in_digits(number: int, length: int, base: int = 62) -> str:
    digits = []
    for _ in range(length):
        number, digit = divmod(number, base)
        digits.append(_DIGITS[digit])
    return "".join(reversed(digits))
