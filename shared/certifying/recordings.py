"""The exchanges of a certification as a recording: what names the shop replaced, the same by the same everywhere.

The form is that of all recordings: `source`, `api_version`, `captured_at`, `cases` of `path`, `query`, `variables`,
`response`. A case has `at`, too. `scene` is the variant as the first answer has it: what a replay begins with.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from shared.certifying.exchanges import Exchange

FOLDER, FILE = "recordings", "certify.json"

_GID = re.compile(r"gid://shopify/(\w+)/([0-9A-Za-z-]+)")
_OF_ITEM = re.compile(r"(inventory_item_id=|\bid:)(\d+)")
_OWN = re.compile(r"gid://trueup/Certification/\w+")
_KEY = re.compile(r"certify-\w+")
_NOBODYS = "1"
"""Asked for as an id of nobody's: it stays one."""

_FIRST = 1000
"""Replaced ids are counted from here, apart from any number that means something."""

_FILE_URL, _APP_URL = "https://storage.example.com/result.jsonl", "https://app.example.com/certify"
_WITHOUT_IDS = frozenset({"code", "status", "topic", "createdAt", "updatedAt", "completedAt"})


@dataclass(slots=True)
class Replacing:
    """Ids by their kind and the order in which they were first met; `names`: of locations and of the shop."""

    names: Mapping[str, str]
    _ids: dict[tuple[str, str], str] = field(default_factory=dict)
    _counts: dict[str, int] = field(default_factory=dict)
    _keys: dict[str, str] = field(default_factory=dict)

    def of(self, value: Any, name: str = "") -> Any:
        """The value without anything that names the shop."""
        if isinstance(value, Mapping):
            return {key: self.of(held, key) for key, held in value.items()}
        if isinstance(value, (list, tuple)):
            return [self.of(held, name) for held in value]
        return self._text(value, name) if isinstance(value, str) else value

    def _number(self, kind: str, number: str) -> str:
        if number == _NOBODYS:
            return number
        if (kind, number) not in self._ids:
            self._counts[kind] = self._counts.get(kind, _FIRST) + 1
            self._ids[kind, number] = str(self._counts[kind])
        return self._ids[kind, number]

    def _text(self, text: str, name: str) -> str:
        if name in _WITHOUT_IDS:
            return text
        if name in ("url", "uri") and text.startswith("http"):
            return _FILE_URL if name == "url" else _APP_URL
        if name == "name":
            return self.names.get(text, text)
        text = _GID.sub(lambda found: f"gid://shopify/{found[1]}/{self._number(found[1], found[2])}", text)
        text = _OF_ITEM.sub(lambda found: found[1] + self._number("InventoryItem", found[2]), text)
        text = _KEY.sub(self._key, _OWN.sub("gid://trueup/Certification/RUN", text))
        if name == "message":
            for known in sorted(self.names, key=len, reverse=True):
                text = text.replace(known, self.names[known])
        return text

    def _key(self, found: re.Match[str]) -> str:
        return self._keys.setdefault(found[0], f"certify-{len(self._keys) + 1}")


def write_recordings(
    folder: Path, exchanges: Sequence[Exchange], variant: Mapping[str, Any], *, shop: str, api_version: str
) -> Path:
    """One file. `variant`: as the first answer has it."""
    levels = ((variant.get("inventoryItem") or {}).get("inventoryLevels") or {}).get("nodes") or []
    named = [str((level.get("location") or {}).get("name")) for level in levels]
    names = {name: f"Location {number}" for number, name in enumerate(named, 1)} | {shop: "shop.myshopify.com"}
    replacing = Replacing(names)
    document = {
        "source": "trueup certify",
        "api_version": api_version,
        "captured_at": exchanges[0].at.isoformat() if exchanges else None,
        "scene": replacing.of(variant),
        "cases": [
            {
                "path": exchange.path,
                "at": exchange.at.isoformat(),
                "query": exchange.query,
                "variables": replacing.of(exchange.variables),
                "response": replacing.of(exchange.response),
            }
            for exchange in exchanges
        ],
    }
    path = folder / FOLDER / FILE
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return path
