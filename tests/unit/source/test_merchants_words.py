"""A merchant reads a merchant's words: on the page, and in what the service says that the page shows."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from shared.domain.words.codes import EXPLAINED
from shared.domain.words.pauses import PAUSES
from shared.domain.words.reasons import REASONS
from shared.domain.words.waits import WAITS

ROOT = Path(__file__).resolve().parents[3]
TEXTS = ROOT / "admin_ui" / "src" / "texts"

_LITERAL = re.compile(r'"((?:[^"\\\n]|\\.)*)"|`((?:[^`\\]|\\.)*)`')
_COMMENT = re.compile(r"/\*.*?\*/|(?<!:)//[^\n]*", re.DOTALL)
_INSERTED = re.compile(r"\$\{[^{}]*\}")

NOT_A_MERCHANTS = {
    "a cell is a place": re.compile(r"\bcells?\b", re.IGNORECASE),
    "an API's path": re.compile(r"/api\b"),
    "a command": re.compile(r"`|\bmake [a-z]|\bcurl\b|python -m"),
    "a setting": re.compile(r"\bTRUEUP_"),
    "a program's word": re.compile(
        r"\b(ETag|HTTP|JSON|GET|PUT|POST|PATCH|broker|RabbitMQ|MongoDB|AMQP|queue|payload|null|idempoten\w*|rev)\b"
    ),
    "a code": re.compile(r"\b[A-Z]+_[A-Z_]+\b|\b[a-z]+_[a-z_]+\b"),
}


def _page_texts() -> Iterator[tuple[str, str]]:
    for path in sorted(TEXTS.glob("*.ts")):
        code = path.read_text(encoding="utf-8")
        if path.name == "problems.ts":
            code = code.partition("const FOR_PROGRAMS")[0]
        for line in _COMMENT.sub("", code).splitlines():
            if line.lstrip().startswith(("import ", "export {", "export type")):
                continue
            for plain, template in _LITERAL.findall(line):
                text = _INSERTED.sub("…", plain or template)
                # A single word is a key as often as a text.
                if " " in text.strip():
                    yield path.name, text


def _service_texts() -> Iterator[tuple[str, str]]:
    for code, explained in EXPLAINED.items():
        yield from ((code, explained.message), (code, explained.remedy))
    for pause, explained in PAUSES.items():
        yield from ((pause, explained.message), (pause, explained.remedy))
    yield from ((reason, text) for reason, text in REASONS.items())
    yield from ((wait, text) for wait, text in WAITS.items())


@pytest.mark.parametrize("texts", [_page_texts, _service_texts], ids=["page", "service"])
def test_no_word_of_ours_is_put_before_a_merchant(texts: object) -> None:
    """No cell, path, command, setting, code or program's word in a text that a merchant reads."""
    assert callable(texts)
    found = list(texts())
    assert len(found) > 40  # that the texts were found at all
    wrong = [
        f"{place}: {text!r}: {why}"
        for place, text in found
        for why, words in NOT_A_MERCHANTS.items()
        if words.search(text)
    ]
    assert not wrong, "\n".join(wrong)


def test_the_page_knows_no_problem_that_the_service_does_not() -> None:
    """Each problem that the page has a sentence for is one that the service names."""
    page = (TEXTS / "problems.ts").read_text(encoding="utf-8")
    known = set(re.findall(r'^  "?([a-z-]+)"?: "', page, re.MULTILINE))
    named = (*(ROOT / "services" / "preview").rglob("*.py"), ROOT / "shared" / "mongodb" / "catalogue" / "refusals.py")
    services = "".join(path.read_text(encoding="utf-8") for path in named)
    assert known
    assert {kind for kind in known if f'"{kind}"' not in services} == set()
