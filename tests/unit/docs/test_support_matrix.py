"""docs/support-matrix.md says what runs have found, and nothing else."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from tests.support_matrix.page import PAGE, page
from tests.support_matrix.row import SupportRow, keep, kept_rows, outcomes

ROW = SupportRow(
    date="2026-03-01",
    commit="abc1234",
    system="Debian, x86_64",
    python="3.13.0",
    rabbitmq="4.2.1",
    erlang="27.1",
    mongodb="8.0.17",
    mongodb_members=3,
    libraries={"aio-pika": "10.0"},
    subset=["tests/contract"],
    passed=7,
    failed=0,
    skipped=1,
    failures=[],
    shopify={"2026-04": 2, "2026-07": 2, "2026-10": 3},
)
REPORT = """<testsuites><testsuite>
<testcase classname="tests.a" name="test_one[2026-04]"/>
<testcase classname="tests.a" name="test_one[2026-10]"><failure message="no">why</failure></testcase>
<testcase classname="tests.a" name="test_two"><skipped message="not here"/></testcase>
<testcase classname="tests.b" name="test_three"><error message="no">why</error></testcase>
</testsuite></testsuites>"""


def test_the_page_is_what_the_rows_say() -> None:
    """The page is made of the rows that are kept with it."""
    assert PAGE.read_text(encoding="utf-8") == page(), "run `python -m tests.support_matrix --page`"


def test_a_run_is_read_from_its_report(tmp_path: Path) -> None:
    """What failed is named, what was left out counted; a version of Shopify's API counts where its test passed."""
    report = tmp_path / "report.xml"
    report.write_text(REPORT, encoding="utf-8")
    ended = outcomes(report)
    assert (ended.passed, ended.failed, ended.skipped) == (1, 2, 1)
    assert ended.failures == ["tests.a::test_one[2026-10]", "tests.b::test_three"]
    assert ended.shopify == {"2026-04": 1, "2026-07": 0, "2026-10": 0}


def test_a_run_takes_the_place_of_an_earlier_one(tmp_path: Path) -> None:
    """Of the same versions there is one row, the latest; others stay."""
    file = tmp_path / "rows.json"
    keep(ROW, file)
    keep(replace(ROW, python="3.11.2"), file)
    keep(replace(ROW, passed=9), file)
    assert [(row.python, row.passed) for row in kept_rows(file)] == [("3.11.2", 7), ("3.13.0", 9)]


def test_what_no_run_has_found_is_named_as_not_run() -> None:
    """A recommended version without a row that passed stands under what was not run; one with such a row does not."""
    text = page([ROW])
    assert "| 4.2.1 (Erlang 27.1) | 8.0.17, 3 members | 3.13.0 |" in text
    not_run = text.partition("## Not run")[2]
    assert "- RabbitMQ 4.0, 4.1 " in not_run
    assert "- MongoDB 7.0 " in not_run
    assert "- Python 3.11, 3.12 " in not_run
    failed = page([replace(ROW, failed=1, failures=["tests.a::test_one"])])
    assert "- RabbitMQ 4.0, 4.1, 4.2 " in failed
    assert "1: tests.a::test_one" in failed
