"""How a server's key is written and read."""

from __future__ import annotations

import re
import secrets

import pytest

from shared.domain.server_key import PREFIX, SCOPES, Scope, id_of, read, scopes_problem, written
from shared.domain.words.people import shown_name
from shared.observing.hiding import without_secrets


def made() -> str:
    """Some key."""
    return written(id_of(secrets.token_bytes(16)), secrets.token_bytes(32))


@pytest.mark.parametrize("random", [bytes(32), b"\xff" * 32, bytes(range(32))], ids=["zeros", "ones", "all kinds"])
def test_a_key_is_read_as_it_was_written(random: bytes) -> None:
    """Whatever its bits are, it has one form, and its secret has all of them."""
    text = written("0123456789ab", random)
    assert re.fullmatch(r"trueup_live_[0-9a-z]{12}_[0-9A-Za-z]{49}", text)
    parts = read(text)
    assert parts is not None
    assert parts.key_id == "0123456789ab"
    assert len(parts.secret) == 43


def test_different_bits_are_different_keys() -> None:
    """No two of many are the same, in id or in secret."""
    keys = [read(made()) for _ in range(500)]
    assert len({key.key_id for key in keys if key is not None}) == 500
    assert len({key.secret for key in keys if key is not None}) == 500


def test_a_mistyped_key_is_none() -> None:
    """Another sign anywhere, a sign too few or too many, another prefix: none of them is read."""
    text = made()
    for at in range(len(PREFIX), len(text)):
        wrong = "0" if text[at] != "0" else "1"
        assert read(text[:at] + wrong + text[at + 1 :]) is None, at
    for wrong in (text[:-1], text + "0", f" {text}", f"{text}\n", text.replace("live", "test"), text.upper(), ""):
        assert read(wrong) is None, wrong


def test_a_key_is_shown_nowhere() -> None:
    """Of a key, or a piece of one, a line shows its id alone; of a record of one, nothing."""
    text = made()
    parts = read(text)
    assert parts is not None
    for line in (text, f"Bearer {text}", f"'{text}'", f"a={text};", text[:40]):
        shown = without_secrets(line)
        assert text[25:40] not in shown, shown
        assert parts.secret not in shown
    assert parts.secret not in repr(parts)
    assert without_secrets(f"key:{parts.key_id} (ERP)") == f"key:{parts.key_id} (ERP)"


def test_scopes_that_mean_nothing_are_refused() -> None:
    """No scope at all, and push without reconcile; every scope has its meaning."""
    assert scopes_problem([]) is not None
    assert scopes_problem([Scope.READ, Scope.PUSH]) is not None
    assert scopes_problem([Scope.RECONCILE, Scope.PUSH]) is None
    assert set(SCOPES) == set(Scope)


def test_people_read_a_keys_name() -> None:
    """Where a key has done something, its name stands, whatever is in it; a person's number stays a person's."""
    assert shown_name("key:0123456789ab (Warehouse (north))") == "Warehouse (north) (a server's key)"
    assert shown_name("user:42") == "Staff member 42"
