"""Which role reads which settings (`shared/setting_groups.py`), and how they are read: once, at the start."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from collections.abc import Collection, Mapping
from secrets import token_bytes, token_urlsafe
from typing import Annotated, TypeVar, overload

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import NoDecode

from shared.errors import WrongSetting
from shared.roles import Role
from shared.setting_groups import (
    BomLimitSettings,
    BrokerSettings,
    JobLimitSettings,
    MailSettings,
    PageSettings,
    PreviewLimitSettings,
    ProcessSettings,
    PublicSettings,
    RequestLimitSettings,
    SecretSettings,
    ServingSettings,
    ShopifySettings,
    StoreSettings,
    SubscribingSettings,
    SweepingSettings,
    TargetSettings,
    TokenSettings,
)
from shared.store_address import PREFIX, secrets_folder


class WebhookSettings(ServingSettings, BrokerSettings, SecretSettings):
    """What both roles of the webhook service read."""


class FrontSettings(PublicSettings, WebhookSettings):
    """The front of webhooks: neither MongoDB nor the keys of tokens."""


class IndexerSettings(WebhookSettings, StoreSettings):
    """The indexer: it tells the front's webhooks by their seal."""


class ReconcilerSettings(ServingSettings, BrokerSettings, StoreSettings, JobLimitSettings):
    """What every role of the reconciler reads."""


class AggregatorSettings(ReconcilerSettings):
    """The aggregator: it publishes nothing that is sealed, and calls nobody."""


class PlannerSettings(ReconcilerSettings, SecretSettings):
    """The planner: it tells Trueup's own requests by their seal."""


class WorkerSettings(ReconcilerSettings, ShopifySettings):
    """The worker."""


class SweeperSettings(
    ReconcilerSettings, ShopifySettings, SubscribingSettings, SweepingSettings, TargetSettings, MailSettings
):
    """The sweeper, with schedules, the care for shops, and what they are told."""


class ApiSettings(
    BrokerSettings,
    StoreSettings,
    JobLimitSettings,
    PreviewLimitSettings,
    RequestLimitSettings,
    BomLimitSettings,
    ShopifySettings,
    SubscribingSettings,
    TargetSettings,
):
    """The API: of the service that serves it, and of a command that asks by it."""


class PreviewSettings(PageSettings, PublicSettings, ApiSettings):
    """Page and API."""


class AskingCommandSettings(ApiSettings):
    """A command that asks the services by the API: it needs both servers, and seals what it asks for.

    What else is not given stands for itself: nothing that lasts is encrypted by these, and nothing is asked of Shopify.
    """

    shopify_client_id: str = "not-given"
    token_keys: Annotated[list[SecretStr], NoDecode] = Field(
        default_factory=lambda: [SecretStr(urlsafe_b64encode(token_bytes(32)).decode())]
    )


class LookingCommandSettings(AskingCommandSettings):
    """A command that only looks at the documents: of all that the API reads it needs MongoDB's address."""

    amqp_url: SecretStr = SecretStr("amqp://not-given/")
    shopify_client_secret: SecretStr = Field(default_factory=lambda: SecretStr(token_urlsafe(32)))


class KeysCommandSettings(StoreSettings, TokenSettings):
    """A command that encrypts anew."""


class BrokerCommandSettings(BrokerSettings, StoreSettings, JobLimitSettings, PreviewLimitSettings, SecretSettings):
    """A command that speaks to the services: its requests are sealed as theirs are, and meet the same limits."""


class ShopifyCommandSettings(StoreSettings, BomLimitSettings, ShopifySettings, SubscribingSettings):
    """A command that calls Shopify."""


class SweepCommandSettings(BrokerCommandSettings, ShopifyCommandSettings):  # type: ignore[misc]  # as for Settings
    """A command that does both."""


class OwnerSettings(BrokerSettings, StoreSettings):
    """`trueup prepare`."""


class Settings(PreviewSettings, FrontSettings, SweeperSettings, SweepCommandSettings):  # type: ignore[misc]  # made by pydantic: model_construct
    """Every setting there is: of one process with all services."""


SETTINGS_OF: Mapping[Role, type[ProcessSettings]] = {
    Role.FRONT: FrontSettings,
    Role.INDEXER: IndexerSettings,
    Role.PREVIEW: PreviewSettings,
    Role.PLANNER: PlannerSettings,
    Role.WORKER: WorkerSettings,
    Role.AGGREGATOR: AggregatorSettings,
    Role.SWEEPER: SweeperSettings,
    Role.OWNER: OwnerSettings,
}
"""What each role reads, and nothing else. Of the command line, each command reads what it needs."""


def settings_of(roles: Collection[Role]) -> type[ProcessSettings]:
    """The settings of a process with these roles together."""
    models = [SETTINGS_OF[role] for role in roles]
    own = [
        model
        for number, model in enumerate(models)
        if model not in models[:number] and not any(other is not model and issubclass(other, model) for other in models)
    ]
    return own[0] if len(own) == 1 else type("TogetherSettings", tuple(own), {"__module__": __name__})


S = TypeVar("S", bound=ProcessSettings)


@overload
def load_settings() -> Settings: ...
@overload
def load_settings(model: type[S]) -> S: ...
def load_settings(model: type[ProcessSettings] = Settings) -> ProcessSettings:
    """The settings of the environment. Raises WrongSetting with one line that names each wrong variable."""
    folder = secrets_folder()
    try:
        return model(_secrets_dir=folder)
    except ValidationError as error:
        # The value itself is never shown: it may be a secret.
        parts = [f"{PREFIX}{str(item['loc'][0]).upper()}: {item['msg']}" for item in error.errors()]
        raise WrongSetting("wrong settings: " + "; ".join(parts)) from None


def part_of(settings: ProcessSettings, model: type[S]) -> S:
    """The settings as those of a group. Raises TypeError where they were read without it: a mistake in the code."""
    if not isinstance(settings, model):
        raise TypeError(f"{type(settings).__name__} has no {model.__name__}")
    return settings


def keys_of(settings: ProcessSettings) -> list[str]:
    """The keys of tokens, where they were read."""
    return settings.fernet_keys if isinstance(settings, TokenSettings) else []
