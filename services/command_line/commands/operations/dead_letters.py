"""`trueup dead-letters`: look at messages that nobody could handle, and send them again."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import TYPE_CHECKING, Any

from services.command_line.connections.stores import Records
from services.command_line.outcome import Exit, WrongUseError
from services.command_line.terminal.documents import print_with_lists
from services.command_line.terminal.tables import console, shorten
from shared.mongodb.inbox.dead_letters import DeadLetter

if TYPE_CHECKING:
    from rich.console import Console

    from services.command_line.connections.client import Client

_LOGGED = "the log of the service says why"


async def list_letters(records: Records, shop: str | None, *, as_json: bool) -> Exit:
    """All kept messages, or those of a shop."""
    letters = records.letters.list(shop=shop)
    if as_json:
        await print_with_lists({"dead_letters": (_document(letter) async for letter in letters)})
        return Exit.OK
    out = console()
    number = 0
    async for letter in letters:
        number += 1
        about = [letter.letter_id, f"{letter.at:%m-%d %H:%M}", letter.key, letter.shop or "no shop"]
        out.print("  ".join(about), soft_wrap=True)
        out.print(f"  {letter.reason}: {letter.cause or _LOGGED}", soft_wrap=True)
    if not number:
        out.print("no dead letters")
    return Exit.OK


async def replay_letters(
    client: Client, letter_ids: Sequence[str], shop: str | None, *, everything: bool, as_json: bool, out: Console
) -> Exit:
    """Send kept messages again as they were, each to its exchange and key; what is confirmed is no longer kept."""
    if bool(letter_ids) == everything:
        raise WrongUseError("name the ids of dead letters (trueup dead-letters list), or say --all")
    named = None if everything else letter_ids
    # Nothing is sent before all can be. What comes after the last one looked at has to wait for the next time.
    last = await _sendable(client.letters.list(shop=shop, letter_ids=named), set(letter_ids))

    async def sent_again() -> AsyncIterator[str]:
        async for letter in client.letters.list(shop=shop, letter_ids=named):
            if letter.letter_id > last:
                return
            await client.publisher.again(letter.key, letter.body, letter.headers)
            # After the confirm: a crash in between sends it twice, which every consumer takes; never not at all.
            await client.letters.remove(letter)
            await client.note("letter.replay", letter.shop, f"{letter.letter_id} {letter.key}")
            if not as_json:
                out.print(f"sent again: {letter.letter_id} {letter.key}", soft_wrap=True)
            yield letter.letter_id

    if as_json:
        await print_with_lists({"replayed": sent_again()})
    else:
        out.print(f"{len([None async for _ in sent_again()])} sent again")
    return Exit.OK


async def _sendable(letters: AsyncIterator[DeadLetter], named: set[str]) -> str:
    """The id of the last letter. Raises WrongUseError where one cannot be sent, or one that was named is not there."""
    last = ""
    async for letter in letters:
        named.discard(letter.letter_id)
        last = letter.letter_id
        if not letter.is_whole:
            why = (
                "secrets or people's data were taken out of it"
                if letter.altered
                else f"{len(letter.body)} of its {letter.size} bytes were kept"
            )
            raise WrongUseError(f"{letter.letter_id}: {why}, so it cannot be sent again; leave it out")
    if named:
        raise WrongUseError(f"there is no dead letter {min(named)}")
    return last


def _document(letter: DeadLetter) -> dict[str, Any]:
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
