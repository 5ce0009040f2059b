"""Images are pinned to what their registry says, by a recipe; certificates for TLS are made by another."""

from __future__ import annotations

import os
import ssl
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from deploy.release import pin_images

DEPLOY = Path(__file__).parents[3] / "deploy"
DIGEST = "sha256:" + "a" * 64


def test_every_image_that_is_fetched_is_pinned() -> None:
    """All images of the compose files and the base of ours; what is built here has no digest to look up."""
    assert set(pin_images.named()) == {
        "BASE_IMAGE",
        "TRUEUP_GRAFANA_IMAGE",
        "TRUEUP_MONGODB_EXPORTER_IMAGE",
        "TRUEUP_MONGODB_IMAGE",
        "TRUEUP_PROMETHEUS_IMAGE",
        "TRUEUP_PROXY_IMAGE",
        "TRUEUP_RABBITMQ_IMAGE",
    }


def test_a_digest_is_what_the_registry_says(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The first tool that is here is asked for each image by its name."""
    crane = tmp_path / "crane"
    crane.write_text(f'#!/bin/sh\n[ "$1" = digest ] && [ "$2" = mongo:8 ] && echo {DIGEST}\n')
    crane.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}/usr/bin{os.pathsep}/bin")
    assert pin_images.digest_of("mongo:8") == DIGEST
    with pytest.raises(SystemExit, match="crane does not know the digest of mongo:9"):
        pin_images.digest_of("mongo:9")


def test_without_a_digest_nothing_is_invented(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Where no registry can be asked there is one line, and no file."""
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SystemExit, match="no crane, skopeo or docker here"):
        pin_images.digest_of("mongo:8")


def test_certificates_are_made_once_and_hold(tmp_path: Path) -> None:
    """Each is of the one authority and for the name that clients call; a second run keeps them."""
    folder = tmp_path / "certificates"
    for _ in range(2):
        subprocess.run([str(DEPLOY / "make_certificates.sh"), str(folder)], check=True, capture_output=True)
    made = {file.name: file.read_bytes() for file in folder.iterdir()}
    subprocess.run([str(DEPLOY / "make_certificates.sh"), str(folder)], check=True, capture_output=True)
    assert {file.name: file.read_bytes() for file in folder.iterdir()} == made
    assert (folder / "ca.key").stat().st_mode & 0o077 == 0
    for name in ("rabbitmq", "mongodb"):
        words = [
            "openssl",
            "verify",
            "-CAfile",
            str(folder / "ca.pem"),
            "-verify_hostname",
            name,
            str(folder / f"{name}.crt"),
        ]
        assert subprocess.run(words, check=False, capture_output=True).returncode == 0
    ssl.create_default_context(cafile=str(folder / "ca.pem")).load_cert_chain(folder / "mongodb.pem")


def test_the_compose_file_with_tls_hands_in_what_is_made() -> None:
    """Every certificate that a container is given is one that the script makes, or another file of the project."""
    layer: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.tls.yaml").read_text())
    base: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
    assert set(layer["services"]) - set(base["services"]) == {"proxy"}
    handed = [volume for service in layer["services"].values() for volume in service.get("volumes", [])]
    made = {"ca.pem", "rabbitmq.crt", "rabbitmq.key", "mongodb.pem"}
    for volume in handed:
        if "TRUEUP_CERTIFICATES" in volume:
            assert volume.rpartition(":/certificates/")[2].removesuffix(":ro") in made, volume
        elif volume.startswith("./"):
            assert (DEPLOY / volume.split(":")[0]).is_file(), volume
