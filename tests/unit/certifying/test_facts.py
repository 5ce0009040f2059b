"""Each fact says where it is from, who relies on it, what happens otherwise, and how it is tried."""

from __future__ import annotations

from pathlib import Path

import pytest

from shared.certifying.certification import PROBES
from shared.certifying.facts import FACTS
from shared.certifying.facts.fact import Fact, Source

PROJECT = Path(__file__).parents[3]


@pytest.mark.parametrize("fact", FACTS, ids=lambda fact: fact.id)
def test_who_relies_on_a_fact_names_it(fact: Fact) -> None:
    """Each module exists, and whoever changes it reads there on which facts it stands."""
    assert fact.relied_on
    for path in fact.relied_on:
        text = " ".join((PROJECT / path).read_text(encoding="utf-8").replace("#", " ").split())
        assert fact.id in text, f"{path} does not name {fact.id}"


def test_no_module_names_a_fact_that_is_none() -> None:
    """A fact that was renamed is renamed everywhere."""
    known = {fact.id for fact in FACTS}
    named = {}
    for top in ("shared", "services"):
        for path in (PROJECT / top).rglob("*.py"):
            _, _, rest = path.read_text(encoding="utf-8").partition("(docs/shopify-facts.md): ")
            if rest and "certifying" not in path.parts:
                listed = rest.partition("\n\n")[0].replace("#", " ").rstrip(".")
                named[str(path)] = {" ".join(one.split()) for one in listed.split(",")}
    assert named
    assert {path: ids - known for path, ids in named.items() if ids - known} == {}


def test_ids_are_told_apart() -> None:
    """No two facts have one id, and no two sentences are one."""
    assert len({fact.id for fact in FACTS}) == len(FACTS) == len({fact.believed for fact in FACTS})


def test_every_probe_is_there_and_every_fact_has_one_or_says_why() -> None:
    """A fact names a probe that exists; every probe tries some fact; what has none says why."""
    assert {fact.probe for fact in FACTS if fact.probe is not None} == set(PROBES)
    for fact in FACTS:
        assert fact.otherwise.endswith(".")
        assert (fact.untried or "It is tried.").endswith(".")
        assert isinstance(fact.source, Source)
    with pytest.raises(ValueError, match="either a probe"):
        Fact("a", "b", Source.ASSUMPTION, (), "c")
