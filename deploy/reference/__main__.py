"""`python -m deploy.reference` writes the pages; a test compares them with what it would write."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from deploy.reference.amqp_page import amqp_page
from deploy.reference.codes_page import codes_page
from deploy.reference.command_page import command_page
from deploy.reference.documents_page import documents_page
from deploy.reference.facts_page import facts_page
from deploy.reference.http_page import http_page
from deploy.reference.metrics_page import metrics_page
from deploy.reference.settings_page import settings_page

DIRECTORY = Path(__file__).resolve().parents[2] / "docs" / "reference"

PAGES: Mapping[str, Callable[[], str]] = {
    "amqp.md": amqp_page,
    "codes.md": codes_page,
    "command-line.md": command_page,
    "documents.md": documents_page,
    "http.md": http_page,
    "metrics.md": metrics_page,
    "settings.md": settings_page,
    # Beside the pages on connecting a shop, which lead there.
    "../shopify-facts.md": facts_page,
}

_NOTE = "<!-- Written by `make reference` from the code; do not edit. -->\n\n"


def text_of(name: str) -> str:
    """What the page says now."""
    return _NOTE + PAGES[name]().rstrip() + "\n"


def main() -> None:
    """Write all pages."""
    DIRECTORY.mkdir(parents=True, exist_ok=True)
    for name in PAGES:
        (DIRECTORY / name).write_text(text_of(name), encoding="utf-8")


if __name__ == "__main__":
    main()
