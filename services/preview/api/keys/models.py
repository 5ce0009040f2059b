"""What the API takes and shows of servers' keys."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints, model_validator

from shared.contract.words import Words
from shared.domain.server_key import ID_LENGTH, SCOPES, Scope, scopes_problem
from shared.mongodb.server_keys.server_keys import LONGEST_NAME

KeyId = Annotated[str, Field(pattern=rf"^[0-9a-z]{{{ID_LENGTH}}}$", description="Stands in the key itself.")]
_EACH = "; ".join(f"`{scope}`: {meaning}" for scope, meaning in SCOPES.items())


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class KeyPath(_Model):
    """One key."""

    key_id: KeyId


class KeyIn(_Model):
    """A key to be made."""

    name: Annotated[Words, StringConstraints(strip_whitespace=True)] = Field(
        min_length=1, max_length=LONGEST_NAME, description="For people: which server has it."
    )
    scopes: list[Scope] = Field(min_length=1, max_length=len(Scope), description=f"What it may do. {_EACH}")
    days: int = Field(90, ge=1, le=730, strict=True, description="Until it expires.")

    @model_validator(mode="after")
    def _scopes_fit(self) -> Self:
        if (problem := scopes_problem(self.scopes)) is not None:
            raise ValueError(problem)
        return self


class KeyOut(_Model):
    """A key, without its secret."""

    key_id: KeyId
    name: str
    scopes: list[Scope]
    state: Literal["active", "expired", "revoked"]
    created_at: AwareDatetime
    created_by: str
    created_by_name: str = Field(description="The same in words.")
    expires_at: AwareDatetime
    revoked_at: AwareDatetime | None
    revoked_by: str | None
    revoked_by_name: str | None
    last_used_at: AwareDatetime | None = Field(description="To the minute; null: never.")


class KeyMade(KeyOut):
    """A new key with its text, which is shown this once."""

    key: str = Field(description="Send it as `Authorization: Bearer`.")


class KeyList(_Model):
    """The shop's keys: those that work, then the last fifty that have ended; the newest first in each."""

    items: list[KeyOut]
