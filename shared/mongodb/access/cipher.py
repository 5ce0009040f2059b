"""Encryption of what must not lie open in the database: a shop's tokens, and the secrets of its targets."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cryptography.fernet import MultiFernet


class Cipher:
    """`keys` are Fernet keys; the first encrypts, all decrypt. What never decrypts anything loads no cryptography."""

    def __init__(self, keys: Sequence[str]) -> None:
        self._keys = tuple(keys)

    def encrypt(self, text: bytes) -> bytes:
        """Encrypted by the first key."""
        return self._fernet.encrypt(text)

    def decrypt(self, sealed: bytes) -> bytes:
        """What was encrypted by any of the keys. Raises cryptography's InvalidToken."""
        return self._fernet.decrypt(sealed)

    def rotate(self, sealed: bytes) -> bytes:
        """Encrypted anew by the first key. Raises cryptography's InvalidToken."""
        return self._fernet.rotate(sealed)

    @cached_property
    def _fernet(self) -> MultiFernet:
        from cryptography.fernet import Fernet, MultiFernet  # noqa: PLC0415  # most commands read no token

        return MultiFernet([Fernet(key) for key in self._keys])
