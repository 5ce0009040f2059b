"""The texts and ids that any input may hold, whichever way it comes in: HTTP, AMQP, the command line or a file.

One definition of each, so that nothing is taken at one door that another cannot work with: MongoDB takes no NUL in
a pattern, a terminal obeys control signs, and Shopify refuses a whole call for one id that can be none.
"""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

_PLAIN = r"^[^\x00-\x1f\x7f-\x9f\u2028\u2029]*$"
"""No control sign and no separator of lines or paragraphs: a text of one line."""

_REFUSED = r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]"

_SHOPIFY_ID = r"^(?:[1-9][0-9]{0,17}|[1-8][0-9]{18})$"
"""Digits as Shopify writes them: no leading zero, and within its 64 bits with a sign."""

SAID = {
    _PLAIN: "must be text of one line, without control signs",
    _SHOPIFY_ID: "must be an id as Shopify writes it: digits only, not beginning with 0",
}
"""What the patterns stand for, in words."""

LONGEST_ID, LONGEST_NAME, LONGEST_SKU, LONGEST_TAG, MAX_TAGS = 64, 500, 255, 200, 100

Words = Annotated[str, Field(pattern=_PLAIN)]
"""A text of one line, taken as it is."""

Id = Annotated[
    str,
    StringConstraints(strip_whitespace=True),
    Field(min_length=1, max_length=LONGEST_ID, pattern=_PLAIN, description="An id, always a string."),
]
"""An id that the app gives. Spaces around it are no part of it."""

LocationId = Annotated[str, Field(pattern=_SHOPIFY_ID, description="A Shopify location's id.")]
ItemId = Annotated[str, Field(pattern=_SHOPIFY_ID, description="A Shopify inventory item id, digits only.")]
VariantId = Annotated[str, Field(pattern=_SHOPIFY_ID, description="A Shopify variant's id, digits only.")]

Name = Annotated[
    str, StringConstraints(strip_whitespace=True), Field(min_length=1, max_length=LONGEST_NAME, pattern=_PLAIN)
]
Tag = Annotated[
    str, StringConstraints(strip_whitespace=True), Field(min_length=1, max_length=LONGEST_TAG, pattern=_PLAIN)
]

RequestedBy = Annotated[str, Field(max_length=200, pattern=_PLAIN)]
"""Who asked, in the words of the client."""


def may_be_shopifys(text: str) -> bool:
    """Whether Shopify may have given this id. Stored ones are asked, too: an older build was less strict."""
    return re.fullmatch(_SHOPIFY_ID, text) is not None and not text.endswith("\n")


def as_words(text: str, max_length: int) -> str:
    """What Shopify, or a person there, has written, as a text of one line: what `Words` refuses is a space here, since
    nobody could correct it at our door; of a longer one the beginning."""
    return " ".join(re.sub(_REFUSED, " ", text).split())[:max_length].rstrip()


class BomFields(BaseModel):
    """A BOM to create or change. What is not given stays as it is; a new BOM starts with the defaults."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    bom_id: Id
    inventory_item_id: ItemId
    name: Name
    tags: list[Tag] | None = Field(None, max_length=MAX_TAGS)
    tracks_pre_assembled: bool | None = Field(None, strict=True)
    externally_managed: bool | None = Field(
        None, strict=True, description="Another tool computes the Shopify quantity; Trueup leaves it alone."
    )
