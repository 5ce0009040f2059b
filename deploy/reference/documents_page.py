"""docs/reference/documents.md, from the description of the documents and the table of indexes."""

from __future__ import annotations

from typing import Any

from deploy.reference.markdown import table
from shared.mongodb.described import Described
from shared.mongodb.documents import FOLDERS
from shared.mongodb.schema import INDEXES

_DAY = 24 * 3600


def documents_page() -> str:
    """The page."""
    parts = [
        "# Documents in MongoDB\n",
        (
            "They belong to Trueup: a release may change them, and says how to upgrade. What is described beside the "
            "code that writes it (`documents.py` of each folder of `shared/mongodb`) is held by a test against what a "
            "shop's work leaves behind. A path leads into objects by dots; `[]` stands for each entry of a list, `*` "
            "for any name. Dates are UTC, to the millisecond.\n"
        ),
    ]
    for folder, collections in FOLDERS.items():
        parts.append(f"## {folder.capitalize()}\n")
        parts += [_collection(one) for one in collections]
    return "\n".join(parts)


def _collection(one: Described) -> str:
    rows = [(f"`{path}`", kinds, meaning) for path, (kinds, meaning) in one.fields.items()]
    indexes = [_index(dict(index.document)) for index in INDEXES[one.name]]
    return "\n".join(
        [
            f"### {one.name}\n",
            one.about + "\n",
            table(("field", "kind", "meaning"), rows),
            table(("index", "fields", "besides"), indexes) or "No index but that of `_id`.\n",
        ]
    )


def _index(index: dict[str, Any]) -> tuple[str, str, str]:
    fields = ", ".join(f"`{name}`{'' if way == 1 else ' descending'}" for name, way in index["key"].items())
    besides = [word for word in ("unique", "sparse") if index.get(word)]
    if (only := index.get("partialFilterExpression")) is not None:
        besides.append(f"only of documents with {' and '.join(_condition(*one) for one in only.items())}")
    if (life := index.get("expireAfterSeconds")) is not None:
        besides.append(f"a document goes {life // _DAY} days after it")
    return f"`{index['name']}`", fields, ", ".join(besides)


def _condition(field: str, wanted: Any) -> str:
    if wanted == {"$exists": True}:
        return f"`{field}`"
    if wanted == {"$gt": ""}:
        return f"a word as `{field}`"
    return f"`{field}` {str(wanted).lower()}"
