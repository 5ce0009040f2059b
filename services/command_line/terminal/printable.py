"""Stored text for a terminal: signs that would act on it, or turn its lines about, are shown instead of obeyed."""

from __future__ import annotations

import re

# Control signs (C0, DEL, C1), line and paragraph separators, and those that change the direction of what follows:
# Unicode's "Trojan Source" set. Lone surrogates cannot be written at all.
_ACTING = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_PICTURES = 0x2400
"""Unicode's block of pictures of control signs begins here, in their order."""


def printable(text: str) -> str:
    """The same number of characters, none of which acts on a terminal; ESC reads ␛, a direction's mark �."""
    return _ACTING.sub(_picture, text)


def escaped(text: str) -> str:
    r"""JSON text with what JSON itself leaves as it is (DEL, C1, directions) as `\u` escapes: the same document."""
    return _ACTING.sub(lambda sign: sign[0] if sign[0] in "\n\r\t" else f"\\u{ord(sign[0]):04x}", text)


def _picture(sign: re.Match[str]) -> str:
    if sign[0] < " ":
        return chr(_PICTURES + ord(sign[0]))
    return "\N{SYMBOL FOR DELETE}" if sign[0] == "\x7f" else "\N{REPLACEMENT CHARACTER}"
