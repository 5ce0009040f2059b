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

from shared.settings import Settings

DEPLOY = Path(__file__).parents[2] / "deploy"
OURS = {"webhook-ingest", "preview", "reconciler"}


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    """The file as YAML, its variables unresolved."""
    read: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
    return read


def _make_secrets(folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    program = [sys.executable, str(DEPLOY / "make_secrets.py"), str(folder)]
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
    assert compose["networks"]["inside"]["internal"] is True


def test_variables_are_settings(compose: dict[str, Any]) -> None:
    """What our services are given are settings, the secrets of them as files."""
    known = {f"TRUEUP_{name.upper()}" for name in Settings.model_fields} | {"TRUEUP_SECRETS_DIR"}
    for name in OURS:
        service = compose["services"][name]
        assert set(service["environment"]) <= known
        assert {secret.upper() for secret in service["secrets"]} <= known


def test_secrets_are_made_once(compose: dict[str, Any], tmp_path: Path) -> None:
    """Every file that compose hands in is made, differently for each folder; a second run changes none."""
    secret = {"TRUEUP_SHOPIFY_CLIENT_SECRET": "from Shopify"}
    first, second = tmp_path / "first", tmp_path / "second"
    for folder in (first, second, second):
        answer = _make_secrets(folder, **secret)
        assert answer.returncode == 0, answer.stderr
        assert "from Shopify" not in answer.stdout + answer.stderr
    asked = {Path(entry["file"]).name for entry in compose["secrets"].values()} | {"mongodb_exporter.env"}
    assert {file.name for file in first.iterdir()} == asked
    assert stat.S_IMODE(first.stat().st_mode) == 0o700
    given = {"trueup_shopify_client_secret", "trueup_shopify_client_secret_previous"}
    for name in asked - given:
        assert (first / name).read_text() != (second / name).read_text(), name
    before = {file.name: file.read_bytes() for file in second.iterdir()}
    _make_secrets(second, TRUEUP_SHOPIFY_CLIENT_SECRET="another")
    assert {file.name: file.read_bytes() for file in second.iterdir()} == before


def test_shopifys_secret_is_asked_for(tmp_path: Path) -> None:
    """Only Shopify knows the app's client secret: without it there is one line that says so."""
    answer = _make_secrets(tmp_path / "secrets")
    assert answer.returncode == 1
    assert answer.stderr.startswith("trueup: set TRUEUP_SHOPIFY_CLIENT_SECRET")
    assert len(answer.stderr.splitlines()) == 1


def test_made_secrets_are_settings_that_hold(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The services start with what was made."""
    folder = tmp_path / "secrets"
    _make_secrets(folder, TRUEUP_SHOPIFY_CLIENT_SECRET="from Shopify")
    for name in Settings.model_fields:
        monkeypatch.delenv(f"TRUEUP_{name.upper()}", raising=False)
    monkeypatch.setenv("TRUEUP_SHOPIFY_CLIENT_ID", "client")
    settings = Settings(_secrets_dir=folder)
    assert settings.client_secrets == ("from Shopify",)
    assert settings.amqp_url.get_secret_value().split("@")[1] == "rabbitmq:5672/"
