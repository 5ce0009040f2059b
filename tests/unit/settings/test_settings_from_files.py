"""Settings from files, one each: how secrets come into a container."""

import os
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from shared.errors import WrongSetting
from shared.settings import load_settings
from shared.store_address import load_store_address

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
        (tmp_path / name).chmod(0o600)
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
    (folder / "trueup_shopify_client_secret_previous").chmod(0o600)
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


@pytest.mark.parametrize(("mode", "by"), [(0o644, "everybody"), (0o604, "everybody"), (0o640, "its group")])
def test_a_file_that_others_can_read_stops_the_start(folder: Path, mode: int, by: str) -> None:
    """One line names the file, who can read it, and the remedy; not what is in it."""
    (folder / "trueup_token_keys").chmod(mode)
    for load in (load_settings, load_store_address):
        with pytest.raises(WrongSetting) as caught:
            load()
        text = str(caught.value)
        assert f"{folder / 'trueup_token_keys'} can be read by {by}" in text
        assert "chmod 0400" in text
        assert "\n" not in text
        assert GIVEN["trueup_token_keys"] not in text


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file to another user")
def test_a_group_may_read_what_belongs_to_another(folder: Path) -> None:
    """Kubernetes gives a secret as root's file of the pod's group (0440): that is how we read it ourselves."""
    file = folder / "trueup_token_keys"
    file.chmod(0o440)
    os.chown(file, 12345, os.getegid())
    assert load_settings().shopify_client_id == "client"
    file.chmod(0o444)
    with pytest.raises(WrongSetting, match="everybody"):
        load_settings()


def test_what_a_container_was_given_read_only_is_its_own(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a read-only mount of its own the mode says nothing: the owner is outside, and nobody else is inside."""
    (folder / "trueup_token_keys").chmod(0o444)
    monkeypatch.setattr("shared.store_address._is_mounted", lambda *_: True)
    assert load_settings().shopify_client_id == "client"


def test_other_files_of_the_folder_are_none_of_ours(folder: Path) -> None:
    """Only files that are settings are looked at."""
    (folder / "readme").write_text("for everybody")
    (folder / "readme").chmod(0o644)
    assert load_settings().shopify_client_id == "client"


@pytest.mark.parametrize(
    ("url", "good"),
    [
        ("https://{shop}", True),
        ("http://127.0.0.1:8085/{shop}", True),
        ("http://localhost:8085/{shop}", True),
        ("http://[::1]:8085/{shop}", True),
        ("http://{shop}", False),
        ("http://simulator:8000/{shop}", False),
        ("http://127.0.0.1@example.com/{shop}", False),
        ("http://127.0.0.1.example.com/{shop}", False),
        ("http://127.0.0.1{shop}", False),
        ("http://localhost{shop}/", False),
        ("http://{shop}@127.0.0.1\\@example.com/", False),
        ("http://0.0.0.0:8085/{shop}", False),
        ("HTTP://example.com/{shop}", False),
    ],
)
@pytest.mark.usefixtures("folder")
def test_shopify_is_called_in_clear_text_on_this_machine_only(
    url: str, *, good: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Tokens go with every call: http is for a simulator beside us."""
    monkeypatch.setenv("TRUEUP_SHOPIFY_URL", url)
    if good:
        assert load_settings().shopify_url == url
        return
    with pytest.raises(WrongSetting, match="TRUEUP_SHOPIFY_URL"):
        load_settings()


@pytest.mark.parametrize("ports", ["", "0", "65536", "https", "443,,x", "-1"])
@pytest.mark.usefixtures("folder")
def test_wrong_ports_stop_the_start(ports: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The ports of outgoing webhooks are numbers of ports, at least one."""
    monkeypatch.setenv("TRUEUP_TARGET_PORTS", ports)
    with pytest.raises(WrongSetting, match="TRUEUP_TARGET_PORTS"):
        load_settings()
    monkeypatch.setenv("TRUEUP_TARGET_PORTS", "443, 8443")
    assert load_settings().target_ports == [443, 8443]
