"""Where the documents are, read without the other settings: the same answers, in the same words."""

from __future__ import annotations

from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from shared.errors import WrongSetting
from shared.mongodb.connection import Mongo
from shared.setting_groups import is_fernet_key
from shared.settings import load_settings
from shared.store_address import load_store_address

URI = "mongodb://store/?replicaSet=rs0"
OTHERS = {
    "TRUEUP_AMQP_URL": "amqp://user:word@broker/",
    "TRUEUP_SHOPIFY_CLIENT_ID": "client",
    "TRUEUP_SHOPIFY_CLIENT_SECRET": "a secret",
    "TRUEUP_TOKEN_KEYS": Fernet.generate_key().decode(),
}


@pytest.fixture(autouse=True)
def _no_address(monkeypatch: pytest.MonkeyPatch) -> None:
    """An environment with every setting that must be given but MongoDB's address."""
    for name in ("TRUEUP_MONGODB_URI", "TRUEUP_MONGODB_DATABASE", "TRUEUP_SECRETS_DIR"):
        monkeypatch.delenv(name, raising=False)
    for name, value in OTHERS.items():
        monkeypatch.setenv(name, value)


def _both() -> tuple[object, object]:
    """What the settings say, and what is read without them; of a refusal its words."""
    try:
        settings = load_settings()
        whole: object = (settings.mongodb_uri.get_secret_value(), settings.mongodb_database)
    except WrongSetting as refused:
        whole = str(refused)
    try:
        address = load_store_address()
        alone: object = (address.uri, address.database)
    except WrongSetting as refused:
        alone = str(refused)
    return whole, alone


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"TRUEUP_MONGODB_URI": URI},
        {"TRUEUP_MONGODB_URI": f" {URI}\n", "TRUEUP_MONGODB_DATABASE": "other\n"},
        {"TRUEUP_MONGODB_URI": URI, "TRUEUP_MONGODB_DATABASE": "other"},
        {"trueup_mongodb_uri": URI, "Trueup_MongoDB_Database": "other"},
        {"TRUEUP_MONGODB_URI": ""},
        {"TRUEUP_MONGODB_URI": "localhost:27017"},
        {"TRUEUP_MONGODB_URI": "http://user:hidden@host/"},
        {"TRUEUP_MONGODB_URI": "mongodb+srv://store/"},
        {"TRUEUP_SECRETS_DIR": "/no/such/folder"},
    ],
    ids=str,
)
def test_variables_say_the_same(given: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    """In whichever case they are written, missing or wrong."""
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    whole, alone = _both()
    assert whole == alone
    assert "hidden" not in str(alone)


@pytest.mark.parametrize("name", ["trueup_mongodb_uri", "TRUEUP_MONGODB_URI"])
@pytest.mark.parametrize("given", [None, "mongodb://elsewhere/"])
def test_files_say_the_same(name: str, given: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the line's end, and only where the environment says nothing."""
    (tmp_path / name).write_text(URI + "\n")
    (tmp_path / name).chmod(0o600)
    monkeypatch.setenv("TRUEUP_SECRETS_DIR", str(tmp_path))
    if given is not None:
        monkeypatch.setenv("TRUEUP_MONGODB_URI", given)
    whole, alone = _both()
    assert whole == alone == (given or URI, "trueup")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "hidden",
        "a" * 32,
        "a" * 43,
        "a" * 44,
        "a" * 43 + "=",
        "ü" * 44,
        "a b" * 20,
        "jIn6XAS-r37Xy8w6cjvonrTeEa4-uM780NG0QjLpBgA=",
    ],
)
def test_a_key_is_one_where_fernet_takes_it(text: str) -> None:
    """The check without cryptography says what Fernet says."""
    try:
        Fernet(text)
    except ValueError:
        assert not is_fernet_key(text)
    else:
        assert is_fernet_key(text)


@pytest.mark.parametrize(
    ("options", "seconds"), [("", 5.0), ("?serverSelectionTimeoutMS=200", 0.2), ("?serverselectiontimeoutms=200", 0.2)]
)
async def test_an_address_may_say_how_long_the_driver_looks_for_a_server(options: str, seconds: float) -> None:
    """Five seconds, unless the address says otherwise."""
    mongo = Mongo(f"mongodb://127.0.0.1:1/{options}", "trueup")
    try:
        assert mongo.client.delegate.options.server_selection_timeout == seconds
    finally:
        mongo.close()


@pytest.mark.parametrize(
    "name", ["true.up", "a/b", "a b", 'a"', "$a", "x" * 64, "ä" * 32, "admin", "config", "local", ""]
)
def test_what_is_no_name_of_a_database_is_refused(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Alike by both, at the start: MongoDB would say so in the midst of work."""
    monkeypatch.setenv("TRUEUP_MONGODB_URI", URI)
    monkeypatch.setenv("TRUEUP_MONGODB_DATABASE", name)
    whole, alone = _both()
    assert whole == alone
    assert "TRUEUP_MONGODB_DATABASE" in str(alone)


@pytest.mark.parametrize(
    "uri",
    [
        "mongodb://user:hid/den@host/",
        "mongodb://user:hid@den@host/",
        "mongodb://user:hidden@host:den/",
        "mongodb://user:hidden@host/?tls=yes",
        "mongodb://user:hidden@host/?serverSelectionTimeoutMS=soon",
        "mongodb://user:hidden@host/?tlsCertificate=/a",
        "mongodb://user:hidden@one,two/?directConnection=true",
        "mongodb://user:hidden@host/?tls=true&tlsCAFile=/no/such/file",
        "mongodb://user:hidden@/",
    ],
)
def test_what_the_driver_does_not_understand_is_refused(uri: str) -> None:
    """Whatever it would leave out with a warning, too: `tls=yes` would be no TLS. Nothing of the password is shown."""
    with pytest.raises(WrongSetting, match="TRUEUP_MONGODB_URI") as refused:
        Mongo(uri, "trueup")
    assert not any(piece in str(refused.value) for piece in ("hid", "den"))
