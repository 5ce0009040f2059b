"""deploy/compose.yaml, looked at without an engine; `make stack-check` brings it up."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from shared.setting_groups import BrokerSettings
from shared.settings import SETTINGS_OF, Settings, load_settings, part_of

DEPLOY = Path(__file__).parents[3] / "deploy"
OURS = {
    "webhook-front",
    "webhook-indexer",
    "preview",
    "planner",
    "worker",
    "aggregator",
    "sweeper",
    "trueup",
    "prepare",
}


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    """The file as YAML, its variables unresolved."""
    read: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
    return read


def _make_secrets(folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    # Nothing but the standard library: no packages are looked for.
    program = [sys.executable, "-I", "-S", str(DEPLOY / "make_secrets.py"), str(folder)]
    bare = {name: value for name, value in os.environ.items() if not name.startswith("TRUEUP_")}
    return subprocess.run(program, capture_output=True, text=True, check=False, env=bare | environment)


def test_every_image_is_a_variable(compose: dict[str, Any]) -> None:
    """Operators take images from where theirs are: each is a variable, by default of a version that is named."""
    for name, service in compose["services"].items():
        image = service["image"]
        assert image.startswith("${TRUEUP_"), name
        assert image.endswith("_IMAGE:-trueup:latest}") or ":latest" not in image, name


def test_every_container_is_held(compose: dict[str, Any]) -> None:
    """Each has a limit of memory and gains no privileges; ours write nothing and have no capability."""
    for name, service in compose["services"].items():
        assert "mem_limit" in service, name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        if name in OURS:
            assert service["read_only"] is True
            assert service["cap_drop"] == ["ALL"]


def test_only_this_machine_reaches_what_is_published(compose: dict[str, Any]) -> None:
    """Ports are published on 127.0.0.1 unless told otherwise; broker and store are not published."""
    for name, service in compose["services"].items():
        for port in service.get("ports", []):
            assert ":-127.0.0.1:" in port, name
    assert "ports" not in compose["services"]["rabbitmq"]
    assert "ports" not in compose["services"]["mongodb"]
    for name in ("broker", "store", "metrics"):
        assert compose["networks"][name]["internal"] is True
    assert "store" not in compose["services"]["webhook-front"]["networks"]
    reached = {name for name, service in compose["services"].items() if "store" in service.get("networks", ())}
    assert reached - OURS == {"mongodb", "mongodb-exporter"}
    configured = (DEPLOY / "compose" / "rabbitmq.conf").read_text()
    assert "management.tcp.ip = 127.0.0.1\n" in configured


def test_secrets_are_made_once(compose: dict[str, Any], tmp_path: Path) -> None:
    """Every file that compose hands in is made, differently for each folder; a second run changes none."""
    secret = {"TRUEUP_SHOPIFY_CLIENT_SECRET": "from Shopify"}
    first, second = tmp_path / "first", tmp_path / "second"
    for folder in (first, second, second):
        answer = _make_secrets(folder, **secret)
        assert answer.returncode == 0, answer.stderr
        assert "from Shopify" not in answer.stdout + answer.stderr
    base = "${TRUEUP_SECRETS:-./secrets}/"
    asked = {entry["file"].removeprefix(base) for entry in compose["secrets"].values()} | {"mongodb_exporter.env"}
    made = _files(first)
    assert asked <= made.keys()
    assert stat.S_IMODE(first.stat().st_mode) == 0o700
    for name, content in made.items():
        # Shopify's, and the mail server's: others know them.
        if "shopify_client_secret" not in name and "smtp_url" not in name:
            assert content != _files(second)[name], name
    before = {name: content for name, content in _files(second).items() if name != "rabbitmq.json"}
    _make_secrets(second, TRUEUP_SHOPIFY_CLIENT_SECRET="another")
    assert {name: content for name, content in _files(second).items() if name != "rabbitmq.json"} == before


def test_shopifys_secret_is_asked_for(tmp_path: Path) -> None:
    """Only Shopify knows the app's client secret: without it there is one line that says so."""
    answer = _make_secrets(tmp_path / "secrets")
    assert answer.returncode == 1
    assert answer.stderr.startswith("trueup: set TRUEUP_SHOPIFY_CLIENT_SECRET")
    assert len(answer.stderr.splitlines()) == 1


def test_made_secrets_are_settings_that_hold(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each role starts with what was made for it, as its own user."""
    folder = tmp_path / "secrets"
    _make_secrets(folder, TRUEUP_SHOPIFY_CLIENT_SECRET="from Shopify")
    for name in Settings.model_fields:
        monkeypatch.delenv(f"TRUEUP_{name.upper()}", raising=False)
    monkeypatch.setenv("TRUEUP_SHOPIFY_CLIENT_ID", "client")
    for role, model in SETTINGS_OF.items():
        monkeypatch.setenv("TRUEUP_SECRETS_DIR", str(folder / role))
        for file in (folder / role).iterdir():
            file.chmod(0o400)  # in a container the folder is a read-only mount, where the mode says nothing
        settings = part_of(load_settings(model), BrokerSettings)
        assert settings.amqp_url.get_secret_value().startswith(f"amqp://trueup-{role}:")
        assert settings.amqp_url.get_secret_value().endswith("@rabbitmq:5672/")


def _files(folder: Path) -> dict[str, bytes]:
    return {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()}
