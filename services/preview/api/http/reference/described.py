"""`python -m services.preview.api.http.reference.described`: the OpenAPI document of this build."""

from __future__ import annotations

import json
import sys
from typing import TextIO

from services.preview.api.http.app import ROUTES
from services.preview.api.http.reference.openapi import openapi_document


def print_document(output: TextIO = sys.stdout) -> None:
    """Write the document as JSON."""
    json.dump(openapi_document(ROUTES), output, indent=2)
    output.write("\n")


if __name__ == "__main__":
    print_document()
