"""What is wrong with an input, for whoever sent it: the first mistakes by name, the rest by number.

The one reading of a model's refusal. It takes a single pass over the mistakes, and what it answers has a largest size,
whatever was sent: the path and the message of a mistake may hold the sender's own text.
"""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import ValidationError

from shared.contract.words import SAID

MAX_NAMED = 20
"""Mistakes named one by one."""

MAX_TEXT = 200
"""Characters of a path or a message; what is longer is cut, and says so."""

_CUT = "…"

_PATTERNS = {f"String should match pattern '{pattern}'": said for pattern, said in SAID.items()}
"""A pattern tells a sender little."""


@dataclass(frozen=True, slots=True)
class Mistake:
    """One thing that is wrong: where (`selection.bom_ids.3`; empty for the whole), what, and pydantic's kind of it."""

    path: str
    message: str
    kind: str

    def __str__(self) -> str:
        return f"{self.path or 'body'}: {self.message}"


@dataclass(frozen=True, slots=True)
class Mistakes:
    """The first mistakes, each once, and how many more there are."""

    named: tuple[Mistake, ...]
    more: int

    def __str__(self) -> str:
        """All on one line."""
        return "; ".join([*map(str, self.named), *([and_more(self.more)] if self.more else [])])


def and_more(number: int) -> str:
    """How the mistakes are told that are not named."""
    return f"and {number} more"


def mistakes_of(error: ValidationError, max_named: int = MAX_NAMED) -> Mistakes:
    """What a model found, in the order of the input; the branches of a union tell one mistake once."""
    found: dict[tuple[str, str], str] = {}
    more = 0
    all_of_them = error.errors(include_url=False, include_context=False, include_input=False)
    for seen, item in enumerate(all_of_them):
        path = cut(".".join(str(step) for step in item["loc"] if not _is_branch(step)))
        message = cut(_PATTERNS.get(item["msg"]) or item["msg"].removeprefix("Value error, "))
        if (path, message) in found:
            continue
        if len(found) == max_named:
            # To read the rest would be half of the work, and tell nothing but which of them are told twice.
            more = len(all_of_them) - seen
            break
        found[path, message] = item["type"]
    return Mistakes(tuple(Mistake(path, message, kind) for (path, message), kind in found.items()), more)


def cut(text: str, max_length: int = MAX_TEXT) -> str:
    """The text, shortened where it is long, and without halves of surrogate pairs, which cannot be sent on."""
    text = text.encode("utf-8", "replace").decode()
    return text if len(text) <= max_length else f"{text[: max_length - 1]}{_CUT}"


def _is_branch(step: int | str) -> bool:
    """pydantic names the branch of a union in the path, which tells a sender nothing."""
    return isinstance(step, str) and any(sign in step for sign in "[(")
