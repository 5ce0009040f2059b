"""What Shopify's replies say beside their answer is logged once and counted."""

from __future__ import annotations

import pytest
from structlog.testing import capture_logs

from shared import metrics
from shared.shopify.calls import notices
from tests.contract.test_shopify_port import SHOP, Port, port

__all__ = ["port"]

OTHER = {"X-Shopify-API-Version": "2027-01"}
REASON = {"X-Shopify-API-Deprecated-Reason": "https://shopify.dev/api/deprecations"}


def counted(kind: str) -> float:
    """How many replies said so."""
    return metrics.REGISTRY.get_sample_value("trueup_shopify_notices_total", {"kind": kind}) or 0.0


@pytest.mark.parametrize(
    ("headers", "kind"),
    [(OTHER, "other_version"), (REASON, "deprecated"), ({"Sunset": "Fri, 01 Jan 2027 00:00:00 GMT"}, "deprecated")],
)
async def test_a_notice_is_logged_once_and_counted_each_time(
    port: Port, monkeypatch: pytest.MonkeyPatch, headers: dict[str, str], kind: str
) -> None:
    """Another version than was asked for, a deprecation: the answer counts all the same, a refusal's headers too."""
    monkeypatch.setattr(notices, "_logged", set())
    before, other = counted(kind), counted("deprecated" if kind == "other_version" else "other_version")
    with capture_logs() as logs:
        await port.reads.locations(SHOP)
        for _ in range(3):
            await port.fault("headers", headers=headers)
            assert len(await port.reads.locations(SHOP)) == 3
        await port.fault("status", status=429, headers=headers | {"Retry-After": "0.01"})
        with pytest.raises(Exception, match="429"):
            await port.reads.locations(SHOP)
    assert counted(kind) == before + 4
    assert counted("deprecated" if kind == "other_version" else "other_version") == other
    assert [entry["kind"] for entry in logs if entry["event"] == "shopify_notice"] == [kind]


def test_what_is_remembered_does_not_grow(monkeypatch: pytest.MonkeyPatch) -> None:
    """A host that says something else each time fills neither the log nor the memory."""
    monkeypatch.setattr(notices, "_logged", set())
    with capture_logs() as logs:
        for number in range(1000):
            notices.note_notices("2026-10", {"Deprecation": f"@{number}" * 100})
    assert len(logs) == len(notices._logged) == 100
    assert max(len(told) for _, told in notices._logged) <= 200
