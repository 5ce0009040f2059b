"""Every answer of the running API is one that its OpenAPI document describes, whatever is sent."""

import asyncio
import sys
from pathlib import Path
from typing import Any

import pytest

from shared.domain.cell import CellKey
from tests.integration.api.api_setup import PLACES, ApiShop
from tests.waiting import ended

CHECKS = (
    "status_code_conformance,content_type_conformance,response_headers_conformance,response_schema_conformance,"
    "negative_data_rejection,missing_required_header,unsupported_method,allow_header_conformance,ignored_auth,"
    "not_a_server_error"
)


async def explore(shop: ApiShop, folder: Path, config: str, *options: str) -> None:
    """Run schemathesis as a program against the service; its report is the failure's text."""
    (folder / "schemathesis.toml").write_text(config)
    words = ["-m", "schemathesis.cli", "--config-file", str(folder / "schemathesis.toml"), "run"]
    words += [f"{shop.world.url}/api/openapi.json", "--header", f"Authorization: Bearer {shop.token}"]
    words += ["--checks", CHECKS, "--no-color", "--generation-deterministic"]
    words += [
        # No verdict: what never answers leaves this process standing still.
        "--request-timeout",
        "3600",
        "--suppress-health-check",
        "all",
        "--warnings",
        "off",
        # More than one meets a fault of CPython 3.11 in threads that parse source at the same time.
        "--workers",
        "1",
        *options,
    ]
    process = await asyncio.create_subprocess_exec(
        sys.executable, *words, cwd=folder, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    report, _ = await ended(process, what="schemathesis")
    assert process.returncode == 0, report.decode()


# The stream of notices lasts until the caller gives up; so does that of a job that nobody works on, of which the second
# test reads ended ones.
NOTICES = "--exclude-operation-id=watchNotices"
# It asks Shopify, which is not there: each answer is 503.
OF_SHOPIFY = "--exclude-operation-id=listVariants"
ENDLESS = ("--exclude-operation-id=watchJob", NOTICES, OF_SHOPIFY)


MANY_BOUNDARIES = [
    "putBom", "putSchedule", "putDriftPolicy", "adjustCell", "postJob", "postPreview", "previewUndo", "listBoms",
    "listDrift", "listJobs", "exportHistory", "listJobBoms", "listJobCells", "listPreviewRows",
]  # fmt: skip  # one a line would fill the page
"""Operations with 60 boundary values and more, together 2,250 of 2,670: all tried out in the full form only."""

FEW = f"""
[[operations]]
include-operation-id = {MANY_BOUNDARIES}
phases.coverage.enabled = false
"""


@pytest.mark.parametrize(
    ("config", "examples"), [pytest.param(FEW, 1, id="short"), pytest.param("", 5, marks=pytest.mark.full, id="full")]
)
async def test_whatever_is_sent_is_answered_as_described(
    shop: ApiShop, tmp_path: Path, config: str, examples: int
) -> None:
    """Good and bad requests of every operation get the statuses, types and bodies that the document gives."""
    await shop.bom("b")
    await explore(shop, tmp_path, config, *ENDLESS, "--phases", "coverage,fuzzing", "--max-examples", str(examples))


@pytest.mark.parametrize("examples", [pytest.param(1, id="short"), pytest.param(4, marks=pytest.mark.full, id="full")])
async def test_what_there_is_is_answered_as_described(shop: ApiShop, tmp_path: Path, examples: int) -> None:
    """Operations on BOMs, previews and jobs that exist answer with bodies as described, not only with problems."""
    await shop.bom("b", tracks_pre_assembled=True)
    settled = {"settle_no": 0, "tracks_rev": (await shop.stock("b"))["tracks_rev"]}
    values: dict[str, Any] = {
        "local_before": 1,
        "local_after": 2,
        "shopify_before": 1,
        "shopify_after": 2,
        "settled": settled,
    }
    cells: list[dict[str, Any]] = [
        {"bom_id": "b", "location_id": PLACES[0], "state": "updated", **values},
        {"bom_id": "b", "location_id": PLACES[1], "state": "error", "code": "READ_FAILED"},
    ]
    job_id = await shop.job(cells)
    preview_id = await shop.preview({CellKey("b", PLACES[0]): 4})
    config = f"""
[parameters]
"path.job_id" = "{job_id}"
"path.preview_id" = "{preview_id}"
"path.bom_id" = "b"
"path.location_id" = "{PLACES[0]}"
"""
    limits = ("--phases", "fuzzing", "--max-examples", str(examples), "--mode", "positive")
    await explore(shop, tmp_path, config, NOTICES, OF_SHOPIFY, "--exclude-method=DELETE", *limits)
