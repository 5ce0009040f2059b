"""Settings from files, one each: how secrets come into a container."""

from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from shared.errors import WrongSetting
from shared.settings import load_settings

GIVEN = {
    "trueup_amqp_url": "amqp://user:from-a-file@broker/",
    "trueup_mongodb_uri": "mongodb://store/?replicaSet=rs0",
    "trueup_shopify_client_id": "client",
    "trueup_shopify_client_secret": "a secret from a file",
    "trueup_token_keys": Fernet.generate_key().decode(),
}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with every setting that must be given, and an environment without any."""
    for name in GIVEN:
        monkeypatch.delenv(name.upper(), raising=False)
    for name, value in GIVEN.items():
        (tmp_path / name).write_text(value + "\n")
    monkeypatch.setenv("TRUEUP_SECRETS_DIR", str(tmp_path))
    return tmp_path


@pytest.mark.usefixtures("folder")
def test_settings_are_read_from_files() -> None:
    """Each file of TRUEUP_SECRETS_DIR is the setting that it is named for, without the line's end."""
    settings = load_settings()
    assert settings.amqp_url.get_secret_value() == GIVEN["trueup_amqp_url"]
    assert [key.get_secret_value() for key in settings.token_keys] == [GIVEN["trueup_token_keys"]]


@pytest.mark.usefixtures("folder")
def test_the_environment_goes_before_a_file(monkeypatch: pytest.MonkeyPatch) -> None:
    """A variable of the environment stands over the file of the same name."""
    monkeypatch.setenv("TRUEUP_AMQP_URL", "amqp://elsewhere/")
    assert load_settings().amqp_url.get_secret_value() == "amqp://elsewhere/"


def test_a_wrong_file_stops_the_start_in_one_line(folder: Path) -> None:
    """What is wrong in a file is told like a wrong variable, without the value."""
    (folder / "trueup_amqp_url").write_text("http://broker/hidden")
    with pytest.raises(WrongSetting, match="TRUEUP_AMQP_URL: ") as caught:
        load_settings()
    assert "hidden" not in str(caught.value)


def test_a_missing_folder_stops_the_start(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder that is not there is named; it is not taken for one without files."""
    monkeypatch.setenv("TRUEUP_SECRETS_DIR", str(folder / "none"))
    with pytest.raises(WrongSetting, match="TRUEUP_SECRETS_DIR"):
        load_settings()


@pytest.mark.parametrize("value", ["", " \n"])
def test_an_empty_previous_secret_is_none(folder: Path, value: str) -> None:
    """No previous client secret is no secret: nothing signed with an empty key is ever let in."""
    (folder / "trueup_shopify_client_secret_previous").write_text(value)
    assert load_settings().client_secrets == (GIVEN["trueup_shopify_client_secret"],)


@pytest.mark.parametrize("name", ["trueup_shopify_client_secret", "trueup_shopify_client_id"])
def test_an_empty_secret_stops_the_start(folder: Path, name: str) -> None:
    """An empty client id or secret is a missing one."""
    (folder / name).write_text("")
    with pytest.raises(WrongSetting, match=name.upper()):
        load_settings()


@pytest.mark.parametrize("around", ["{}\n", " {}", "\t{}\r\n"])
def test_spaces_around_a_variable_are_no_part_of_it(folder: Path, monkeypatch: pytest.MonkeyPatch, around: str) -> None:
    """As of a file: a line break that `export NAME=$(cat …)` or a secret's store leaves behind is part of no key."""
    for name in GIVEN:
        (folder / name).unlink()
    monkeypatch.setenv("TRUEUP_SHOPIFY_CLIENT_SECRET_PREVIOUS", around.format("the one before"))
    monkeypatch.setenv("TRUEUP_LOG_LEVEL", around.format("debug"))
    for name, value in GIVEN.items():
        monkeypatch.setenv(name.upper(), around.format(value))
    settings = load_settings()
    assert settings.client_secrets == (GIVEN["trueup_shopify_client_secret"], "the one before")
    assert settings.amqp_url.get_secret_value() == GIVEN["trueup_amqp_url"]
    assert settings.mongodb_uri.get_secret_value() == GIVEN["trueup_mongodb_uri"]
    assert (settings.shopify_client_id, settings.log_level) == ("client", "debug")
