#!/usr/bin/env python3
"""Pins the images of deploy/ to their digests: writes deploy/images.env. Usage: pin_images.py [--check]

A tag moves; a digest does not. The names are those of compose.yaml, compose.tls.yaml and the Dockerfile; each becomes a
variable, NAME:TAG@sha256:…, which compose takes with `--env-file` and `docker build` as its BASE_IMAGE. With --check
nothing is written, and the exit code tells whether a digest has moved. Asks the registries by crane, skopeo or docker,
whichever is here. Needs the standard library only.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

_DEPLOY = Path(__file__).resolve().parents[1]
FILE = _DEPLOY / "images.env"
_TOOLS = (
    ("crane", ("crane", "digest")),
    ("skopeo", ("skopeo", "inspect", "--no-tags", "--format", "{{.Digest}}")),
    ("docker", ("docker", "buildx", "imagetools", "inspect", "--format", "{{.Manifest.Digest}}")),
)
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


def named() -> dict[str, str]:
    """The variables with the images that they stand for by default; our own images are built, not fetched."""
    texts = [(_DEPLOY / name).read_text(encoding="utf-8") for name in ("compose.yaml", "compose.tls.yaml")]
    found = dict(re.findall(r"\$\{(TRUEUP_\w+_IMAGE):-([^}]+)\}", "\n".join(texts)))
    base = re.search(r"^ARG BASE_IMAGE=(\S+)$", (_DEPLOY / "Dockerfile").read_text(encoding="utf-8"), re.MULTILINE)
    if base is not None:
        found["BASE_IMAGE"] = base[1]
    return {variable: image for variable, image in sorted(found.items()) if not image.startswith("trueup")}


def digest_of(image: str) -> str:
    """Asked of its registry. Ends the program with one line where there is no tool, or no answer."""
    for tool, command in _TOOLS:
        if shutil.which(tool) is None:
            continue
        asked = f"docker://{image}" if tool == "skopeo" else image
        answer = subprocess.run([*command, asked], capture_output=True, text=True, check=False)
        found = _DIGEST.search(answer.stdout)
        if answer.returncode or found is None:
            last = (answer.stderr.strip().splitlines() or ["no digest"])[-1]
            sys.exit(f"trueup: {tool} does not know the digest of {image}: {last}")
        return found[0]
    sys.exit("trueup: no crane, skopeo or docker here to ask a registry for a digest; install one of them")


def main() -> None:
    """Look every image up."""
    lines = [f"{variable}={image}@{digest_of(image)}" for variable, image in named().items()]
    text = (
        "# Made by `make pin-images`; looked at and committed with a deployment of one's own.\n"
        + "\n".join(lines)
        + "\n"
    )
    if "--check" in sys.argv[1:]:
        if not FILE.exists() or FILE.read_text(encoding="utf-8") != text:
            sys.exit("trueup: an image has moved since deploy/images.env was made: look at it, then `make pin-images`")
        return
    FILE.write_text(text, encoding="utf-8")
    print(text, end="")  # noqa: T201  # the program's output


if __name__ == "__main__":
    main()
