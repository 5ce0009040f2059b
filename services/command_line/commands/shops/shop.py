"""`trueup shop redact` and `trueup shop rotate-keys`: what is stored for a shop, deleted or encrypted anew."""

from __future__ import annotations

from cryptography.fernet import InvalidToken
from rich.console import Console

from services.command_line.connections.client import Client
from services.command_line.connections.stores import shop_domain
from services.command_line.outcome import Exit, WrongUseError
from services.command_line.terminal.documents import print_json
from shared.mongodb.shops.redaction import Redaction
from shared.mongodb.shops.tokens import TokenStore
from shared.setting_groups import TokenSettings
from shared.settings import part_of


async def redact_shop(client: Client, domain: str, *, as_json: bool, out: Console) -> Exit:
    """Delete everything that is stored for a shop. Safe to repeat."""
    shop = shop_domain(domain)
    deleted = await Redaction(client.mongo.db).redact(shop)
    if as_json:
        print_json({"shop": shop, "deleted": deleted})
    else:
        out.print(f"{shop}: {sum(deleted.values())} documents deleted", soft_wrap=True)
    return Exit.OK


async def rotate_keys(client: Client, *, as_json: bool, out: Console) -> Exit:
    """Encrypt every token by the first of the keys. Raises WrongUseError where one was encrypted by none of them."""
    keys = part_of(client.settings, TokenSettings).fernet_keys
    try:
        shops = await TokenStore(client.mongo.db, keys).encrypt_anew()
    except InvalidToken:
        raise WrongUseError("TRUEUP_TOKEN_KEYS: a shop's token was encrypted by a key that is not among them") from None
    await client.note("keys.rotate", None)
    if as_json:
        print_json({"shops": shops})
    else:
        out.print(f"tokens of {shops} shops are encrypted by the first key now; the others may go")
    return Exit.OK
