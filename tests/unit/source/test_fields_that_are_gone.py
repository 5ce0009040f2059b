"""A stored field that is gone is asked for nowhere: a question for it would be answered, by nothing."""

from pathlib import Path

ROOT = Path(__file__).parents[3]
GONE = {
    # Wishes for reads are documents of their own, `reads_wanted`.
    "verify_at": {"shared/mongodb/schema.py", "shared/mongodb/upgrade.py", "tests/integration/records/test_upgrade.py"},
}
"""By its name, who may know it still: what drops its index, and what brings old documents to the present form."""


def test_nobody_asks_for_a_field_that_is_gone() -> None:
    """In no module, test or benchmark but those that see to old documents."""
    this = str(Path(__file__).relative_to(ROOT))
    found = [
        (name, field)
        for package in ("shared", "services", "deploy", "benchmarks", "tests", "simulator")
        for path in sorted((ROOT / package).rglob("*.py"))
        for field, known in GONE.items()
        if (name := str(path.relative_to(ROOT))) not in {*known, this} and field in path.read_text(encoding="utf-8")
    ]
    assert found == []
