"""Addresses of mail."""

from __future__ import annotations

import re

LONGEST_ADDRESS = 254

_ADDRESS = re.compile(
    r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
    r"@(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z]{2,63}"
)


def is_mail_address(text: str) -> bool:
    """Whether it is one that mails may be sent to: no name beside it, no quoted forms, no control signs."""
    return len(text) <= LONGEST_ADDRESS and _ADDRESS.fullmatch(text) is not None and len(text.partition("@")[0]) <= 64  # noqa: PLR2004  # the most of a local part
