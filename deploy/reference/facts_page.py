"""docs/shopify-facts.md: what is believed of Shopify, who relies on it, and what happens otherwise."""

from __future__ import annotations

from collections.abc import Iterator

from shared.certifying.certification import PROBES
from shared.certifying.facts import FACTS, GROUPS
from shared.certifying.facts.fact import Fact, Source

_ABOUT = f"""# What Trueup believes of Shopify

{len(FACTS)} facts, of which {sum(fact.probe is not None for fact in FACTS)} are tried by `trueup certify` on a
development store, by {len(PROBES)} probes. Each has an id, by which the modules that rely on it name it.

| source | what it means |
| --- | --- |
| {Source.DOCUMENTATION} | Shopify's documentation says so |
| {Source.RECORDING} | a recorded exchange with a real store shows it |
| {Source.SCHEMA} | Shopify's published schema shows it |
| {Source.ASSUMPTION} | nobody has shown it; Trueup is right either way |

```console not run: asks a real store
$ trueup certify --shop NAME.myshopify.com --variant 1234567890 --locations 111,222
```

It notes what the variant holds at both locations, in `trueup-certify/before.json` and in the shop's document, before it
changes anything; it writes nothing but that variant at these locations, spends under 500 points, and restores the
values at its end. Stopped at any moment, even by `kill -9`, it restores them when it is started the next time.
A shop with BOMs that track, or a variant with units committed to orders, is refused unless it is called `--expendable`.
Webhooks are tried only with `--public-url`, an https address that leads to `--listen` on this machine.

It ends with 0 where all is as believed, 3 where something is otherwise, 1 where it could not be tried. It leaves
`recordings/certify.json`, without secrets, names and ids of the shop, and `open-points.json`:

```console not run: needs the files of a certification
$ make conformance RECORDINGS=trueup-certify/recordings
$ make campaign-switches OPEN_POINTS=trueup-certify/open-points.json
$ python -m simulator --client-id ID --client-secret SECRET --open-points trueup-certify/open-points.json
```
"""


def facts_page() -> str:
    """The page."""
    return "\n".join([_ABOUT, *_groups()])


def _groups() -> Iterator[str]:
    for title, facts in GROUPS.items():
        yield f"## {title}\n"
        for fact in facts:
            yield from _fact(fact)


def _fact(fact: Fact) -> Iterator[str]:
    yield f"### {fact.id}\n"
    yield f"**Believed:** {fact.believed}. ({fact.source})\n"
    yield f"**Otherwise:** {fact.otherwise}\n"
    tried = f"tried by the probe `{fact.probe}`" if fact.probe is not None else f"not tried: {fact.untried}"
    relied_on = ", ".join(f"`{path}`" for path in fact.relied_on)
    yield f"Relied on by {relied_on}; {tried}{'' if tried.endswith('.') else '.'}\n"
