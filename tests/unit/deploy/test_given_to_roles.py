"""What compose and Kubernetes give each role is what it reads, and no secret more; a missing one stops its start."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import SecretStr

from deploy.make_secrets import READS
from shared.errors import WrongSetting
from shared.roles import Role
from shared.settings import SETTINGS_OF, SweepCommandSettings, load_settings
from tests.unit.deploy.test_kubernetes import KUBECTL, OVERLAY

DEPLOY = Path(__file__).parents[3] / "deploy"

COMPOSED: Mapping[str, Role] = {
    "webhook-front": Role.FRONT,
    "webhook-indexer": Role.INDEXER,
    "preview": Role.PREVIEW,
    "planner": Role.PLANNER,
    "worker": Role.WORKER,
    "aggregator": Role.AGGREGATOR,
    "sweeper": Role.SWEEPER,
    "trueup": Role.COMMAND_LINE,
    "prepare": Role.OWNER,
}

KEY = "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="
VALUES = {
    "amqp_url": "amqp://user:password@127.0.0.1/",
    "mongodb_uri": "mongodb://127.0.0.1/",
    "shopify_client_id": "id",
    "shopify_client_secret": "secret",
    "token_keys": KEY,
}


def _model(role: Role) -> Any:
    return SweepCommandSettings if role is Role.COMMAND_LINE else SETTINGS_OF[role]


def _reads(role: Role) -> set[str]:
    return {f"TRUEUP_{name.upper()}" for name in _model(role).model_fields}


def _secrets(role: Role) -> set[str]:
    fields = _model(role).model_fields.items()
    return {f"trueup_{name}" for name, field in fields if SecretStr.__name__ in str(field.annotation)}


@pytest.mark.parametrize("role", list(Role))
def test_a_role_has_the_secrets_that_it_reads(role: Role) -> None:
    """make_secrets.py puts into a role's folder the secrets among its settings: each, and no other."""
    assert set(READS[role]) == _secrets(role)


def test_the_front_knows_neither_store_nor_tokens() -> None:
    """What faces the network, and reads what anybody sends, holds as little as can be."""
    assert _secrets(Role.FRONT) == {
        "trueup_amqp_url",
        "trueup_shopify_client_secret",
        "trueup_shopify_client_secret_previous",
    }


def test_compose_gives_each_role_its_own() -> None:
    """Variables that the role reads, and one folder: its own."""
    compose = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
    assert {name for name, service in compose["services"].items() if "trueup:latest" in service["image"]} == {
        *COMPOSED,
        "mongodb-setup",
    }
    for name, role in COMPOSED.items():
        service = compose["services"][name]
        assert set(service["environment"]) - {"TRUEUP_SECRETS_DIR"} <= _reads(role), name
        assert not {variable.lower() for variable in service["environment"]} & _secrets(role), name
        assert service["volumes"] == [f"${{TRUEUP_SECRETS:-./secrets}}/{role}:/run/secrets:ro"], name
        assert "secrets" not in service, name
        assert "env_file" not in service, name


def test_kubernetes_gives_each_role_its_own() -> None:
    """Variables that the role reads, none of them a secret, and one Secret: its own."""
    answer = subprocess.run(
        [KUBECTL, "kustomize", str(OVERLAY)], capture_output=True, text=True, check=True, env={"HOME": "/nonexistent"}
    )
    seen: set[Role] = set()
    known: set[str] = set()
    for resource in yaml.safe_load_all(answer.stdout):
        if resource["kind"] == "ConfigMap" and resource["metadata"]["name"].startswith("trueup-"):
            known |= {name for name in resource.get("data", {}) if name.startswith("TRUEUP_")}
        if resource["kind"] not in {"Deployment", "Job", "StatefulSet", "DaemonSet", "CronJob"}:
            continue
        pod = resource["spec"]["template"]["spec"]
        (container,) = pod["containers"]
        role = _role_of(container["args"])
        seen.add(role)
        assert "envFrom" not in container, role
        given = {variable["name"] for variable in container["env"]} - {"TRUEUP_SECRETS_DIR"}
        assert given <= _reads(role), role
        assert not {name.lower() for name in given} & _secrets(role), role
        secrets = [volume["secret"] for volume in pod["volumes"] if "secret" in volume]
        assert [secret["secretName"] for secret in secrets] == [f"trueup-{role}"]
    assert seen == set(Role) - {Role.COMMAND_LINE}
    every = {f"TRUEUP_{name.upper()}" for role in Role for name in _model(role).model_fields}
    assert known <= every
    assert not {name.lower() for name in known} & {secret for role in Role for secret in _secrets(role)}


def _role_of(arguments: list[str]) -> Role:
    if arguments == ["prepare"]:
        return Role.OWNER
    return Role(arguments[-1])


@pytest.mark.parametrize("role", list(SETTINGS_OF))
def test_a_role_starts_with_its_own_and_says_what_is_missing(role: Role, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without what others need it starts; without one that it needs there is one line that names it."""
    for variable in list(os.environ):
        if variable.startswith(("TRUEUP_", "OTEL_")):
            monkeypatch.delenv(variable)
    needed = [name for name, field in _model(role).model_fields.items() if field.is_required()]
    for name in needed:
        monkeypatch.setenv(f"TRUEUP_{name.upper()}", VALUES[name])
    # What it does not read may be wrong, or not there: nobody looks at it.
    for name in VALUES.keys() - _model(role).model_fields.keys():
        monkeypatch.setenv(f"TRUEUP_{name.upper()}", "")
    load_settings(_model(role))
    for name in needed:
        with monkeypatch.context() as without:
            without.delenv(f"TRUEUP_{name.upper()}")
            with pytest.raises(WrongSetting) as refused:
                load_settings(_model(role))
        assert re.fullmatch(rf"wrong settings: TRUEUP_{name.upper()}: [^\n]+", str(refused.value))


def test_roles_served_together_read_what_they_read_apart() -> None:
    """`serve webhook-ingest` needs no keys of tokens: the union of its roles, not everything."""
    print_them = """
from services.command_line.commands.operations.serve import SERVICES
print(sorted(SERVICES["webhook-ingest"]().settings(()).model_fields))
"""
    printed = subprocess.run([sys.executable, "-c", print_them], capture_output=True, text=True, check=True).stdout
    together = {f"TRUEUP_{name.upper()}" for name in re.findall(r"'(\w+)'", printed)}
    assert together == _reads(Role.FRONT) | _reads(Role.INDEXER)
