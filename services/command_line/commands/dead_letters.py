"""`trueup dead-letters`: look at messages that nobody could handle, and send them again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from services.command_line.connections.stores import Records
from services.command_line.outcome import Exit, WrongUseError
from services.command_line.terminal.documents import print_document
from services.command_line.terminal.tables import console, shorten
from shared.mongodb.inbox.dead_letters import DeadLetter
from shared.mongodb.schema import Document

if TYPE_CHECKING:
    from rich.console import Console

    from services.command_line.connections.client import Client

_LOGGED = "the log of the service says why"


async def list_letters(records: Records, shop: str | None, *, as_json: bool) -> Exit:
    """All kept messages, or those of a shop."""
    letters = [letter async for letter in records.letters.list(shop=shop)]
    if as_json:
        print_document({"dead_letters": [_document(letter) for letter in letters]})
        return Exit.OK
    out = console()
    if not letters:
        out.print("no dead letters")
        return Exit.OK
    for letter in letters:
        about = [letter.letter_id, f"{letter.at:%m-%d %H:%M}", letter.key, letter.shop or "no shop"]
        out.print("  ".join(about), soft_wrap=True)
        out.print(f"  {letter.reason}: {letter.cause or _LOGGED}", soft_wrap=True)
    return Exit.OK


async def replay_letters(
    client: Client, letter_ids: Sequence[str], shop: str | None, *, everything: bool, as_json: bool, out: Console
) -> Exit:
    """Send kept messages again as they were, each to its exchange and key; what is confirmed is no longer kept."""
    if bool(letter_ids) == everything:
        raise WrongUseError("name the ids of dead letters (trueup dead-letters list), or say --all")
    chosen = [letter async for letter in client.letters.list(shop=shop, letter_ids=None if everything else letter_ids)]
    if missing := set(letter_ids) - {letter.letter_id for letter in chosen}:
        raise WrongUseError(f"there is no dead letter {min(missing)}")
    if cut := [letter for letter in chosen if not letter.is_whole]:
        first = cut[0]
        why = (
            "secrets or people's data were taken out of it"
            if first.altered
            else f"{len(first.body)} of its {first.size} bytes were kept"
        )
        raise WrongUseError(f"{first.letter_id}: {why}, so it cannot be sent again; leave it out")
    for letter in chosen:
        await client.publisher.again(letter.key, letter.body, letter.headers)
        # After the confirm: a crash in between sends it twice, which every consumer takes; never not at all.
        await client.letters.remove(letter)
        await client.note("letter.replay", letter.shop, f"{letter.letter_id} {letter.key}")
    if as_json:
        print_document({"replayed": [letter.letter_id for letter in chosen]})
    else:
        for letter in chosen:
            out.print(f"sent again: {letter.letter_id} {letter.key}", soft_wrap=True)
        out.print(f"{len(chosen)} sent again")
    return Exit.OK


def _document(letter: DeadLetter) -> Document:
    return {
        "id": letter.letter_id,
        "shop": letter.shop,
        "at": letter.at,
        "key": letter.key,
        "reason": letter.reason,
        "cause": letter.cause,
        "headers": letter.headers,
        "body": shorten(letter.body.decode(errors="replace"), 10_000),
    }
