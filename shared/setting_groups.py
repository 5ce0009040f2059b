"""Every setting, in groups of what is read together: environment variables with the prefix TRUEUP_, or files.

TRUEUP_SECRETS_DIR names a folder with a file for each setting that the environment lacks, such as `trueup_amqp_url`:
secrets as containers get them. Which role reads which group is in `shared/settings.py`.
"""

# Relies on what is believed of Shopify (docs/shopify-facts.md): hook.delay.

from __future__ import annotations

import os
from base64 import urlsafe_b64decode
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from shared.domain.mail import is_mail_address
from shared.domain.shop import MAX_BOMS, is_shop_domain
from shared.observing.hiding import hide
from shared.store_address import DATABASE, PREFIX, must_be_database, must_be_store

ApiVersion = Literal["2026-04", "2026-07", "2026-10"]

WEBHOOK_PATH = "/webhooks/shopify"
"""Where webhooks are taken."""

_FERNET_KEY_BYTES = 32
_HIGHEST_PORT = 65535
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


class ProcessSettings(BaseSettings):
    """What every process reads. Read once at the start; a wrong or missing one stops the start with one line."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True)

    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="JSON lines on standard error from this level on."
    )
    otlp_endpoint: str | None = Field(
        default_factory=lambda: os.environ.get("OTEL_EXPORTER_OTLP_ENDPOINT"),
        validate_default=True,
        description="Where traces go: a collector's OTLP port over HTTP; none: no traces are kept.",
    )
    trace_ratio: float = Field(1.0, ge=0, le=1, description="The share of traces that is kept.")

    def model_post_init(self, _: Any) -> None:
        """From here on no line and no stored text shows a secret of these."""
        for name in type(self).model_fields:
            value = getattr(self, name, None)  # made without being checked, it may lack some
            for one in value if isinstance(value, list) else [value]:
                if isinstance(one, SecretStr):
                    hide(one.get_secret_value())
        if (headers := os.environ.get("OTEL_EXPORTER_OTLP_HEADERS")) is not None:
            hide(*(pair.partition("=")[2] for pair in headers.split(",")))

    @field_validator("*", mode="before")
    @classmethod
    def _spaces_around_say_nothing(cls, value: object) -> object:
        # A file's last line break, read into a variable, would be part of a key; files are read without it, too.
        return value.strip() if isinstance(value, str) else value

    @field_validator("otlp_endpoint")
    @classmethod
    def _takes_traces(cls, url: str | None) -> str | None:
        if not url:
            return None
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise ValueError("must be the http(s) address of a collector, such as http://collector:4318")
        return url.rstrip("/")


class ServingSettings(ProcessSettings):
    """Of a process that `trueup serve` runs."""

    host: str = Field("127.0.0.1", description="Where a service listens; 0.0.0.0 for every address of the machine.")
    operations_port: int = Field(9090, ge=0, le=65535, description="/livez, /readyz and /metrics.")


class PublicSettings(ServingSettings):
    """Of one that the network reaches."""

    port: int = Field(8080, ge=0, le=65535, description="The public port of a service.")


class BrokerSettings(ProcessSettings):
    """RabbitMQ."""

    amqp_url: SecretStr = Field(description="amqp(s)://user:password@host:port/vhost")

    @field_validator("amqp_url")
    @classmethod
    def _is_broker(cls, url: SecretStr) -> SecretStr:
        # Checked here: the client would take it for a broker that is away and try for ever.
        _must_be_address(url, ("amqp", "amqps"))
        return url


class StoreSettings(ProcessSettings):
    """MongoDB."""

    mongodb_uri: SecretStr = Field(description="mongodb://…; a replica set, one node is enough")
    mongodb_database: str = Field(DATABASE, description="Its database.")

    @field_validator("mongodb_uri")
    @classmethod
    def _is_store(cls, uri: SecretStr) -> SecretStr:
        must_be_store(uri.get_secret_value())
        return uri

    @field_validator("mongodb_database")
    @classmethod
    def _is_database(cls, name: str) -> str:
        must_be_database(name)
        return name


class SecretSettings(ProcessSettings):
    """The app's client secret: what Shopify signs by, and what Trueup's parts seal their messages by."""

    shopify_client_secret: SecretStr = Field(
        description="The app's client secret; also verifies webhooks and session tokens."
    )
    shopify_client_secret_previous: SecretStr | None = Field(None, description="Also valid during a rotation.")

    @field_validator("shopify_client_secret")
    @classmethod
    def _secret_is_given(cls, value: SecretStr) -> SecretStr:
        # An empty key would sign, and verify, as any other does.
        if not value.get_secret_value().strip():
            raise ValueError("must not be empty")
        return value

    @field_validator("shopify_client_secret_previous")
    @classmethod
    def _may_be_left_empty(cls, value: SecretStr | None) -> SecretStr | None:
        return value if value is not None and value.get_secret_value().strip() else None

    @property
    def client_secrets(self) -> tuple[str, ...]:
        """The valid client secrets, the current one first."""
        previous = self.shopify_client_secret_previous
        current = self.shopify_client_secret.get_secret_value()
        return (current,) if previous is None else (current, previous.get_secret_value())


class TokenSettings(ProcessSettings):
    """The keys of what is stored encrypted: tokens, and the secrets of targets."""

    token_keys: Annotated[list[SecretStr], NoDecode] = Field(
        description="Fernet keys, comma-separated; the first encrypts, all decrypt."
    )

    @field_validator("token_keys", mode="before")
    @classmethod
    def _split_keys(cls, value: object) -> object:
        return [key.strip() for key in value.split(",") if key.strip()] if isinstance(value, str) else value

    @field_validator("token_keys")
    @classmethod
    def _keys_work(cls, keys: list[SecretStr]) -> list[SecretStr]:
        if not keys:
            raise ValueError("give at least one Fernet key")
        if not all(is_fernet_key(key.get_secret_value()) for key in keys):
            raise ValueError("each must be a Fernet key: 32 url-safe base64-encoded bytes")
        return keys

    @property
    def fernet_keys(self) -> list[str]:
        """The keys, the one that encrypts first."""
        return [key.get_secret_value() for key in self.token_keys]


class ShopifySettings(SecretSettings, TokenSettings):
    """Calling Shopify: the app, and the keys of the shops' tokens."""

    shopify_client_id: str = Field(description="The app's client id.")
    shopify_api_version: ApiVersion = Field("2026-10", description="The version of Shopify's Admin API.")
    shopify_url: str = Field("https://{shop}", description="Where a shop's API is; {shop} is its domain.")

    @field_validator("shopify_client_id")
    @classmethod
    def _id_is_given(cls, value: str) -> str:
        if not value.strip():
            raise ValueError("must not be empty")
        return value

    @field_validator("shopify_url")
    @classmethod
    def _names_the_shop(cls, url: str) -> str:
        if "{shop}" not in url or not url.startswith(("https://", "http://")):
            raise ValueError("must be an http(s) address that contains {shop}")
        try:
            host = urlsplit(url.replace("{shop}", "shop.myshopify.com")).hostname
        except ValueError:
            raise ValueError("must be an http(s) address that contains {shop}") from None
        if url.startswith("http://") and host not in _LOOPBACK:
            # Tokens go with every call.
            raise ValueError("must begin with https://; http:// only where a simulator runs on this machine")
        return url.rstrip("/")


class SubscribingSettings(ProcessSettings):
    """Where Shopify sends webhooks, for whoever subscribes to them."""

    webhook_url: str | None = Field(
        None,
        description="The https address, ending in /webhooks/shopify, that Shopify reaches; none: no subscriptions.",
    )

    @field_validator("webhook_url")
    @classmethod
    def _shopify_can_reach(cls, url: str | None) -> str | None:
        if not url:
            return None
        parts = urlsplit(url)
        local = parts.hostname in _LOOPBACK
        if not parts.hostname or not (parts.scheme == "https" or (parts.scheme == "http" and local)):
            raise ValueError("must be an https address; http only on this machine")
        if not parts.path.endswith(WEBHOOK_PATH) or parts.query or parts.fragment:
            # At any other path Shopify would be answered 404, and give the subscription up after some hours.
            raise ValueError(f"must end in {WEBHOOK_PATH}, where webhooks are taken")
        return url


class BomLimitSettings(ProcessSettings):
    """How much of the database one shop may fill."""

    boms_per_shop: int = Field(MAX_BOMS, ge=1, le=1_000_000, description="BOMs that a shop may have.")


class JobLimitSettings(ProcessSettings):
    """How much of everybody's time one shop's jobs may ask for."""

    open_jobs_per_shop: int = Field(100, ge=1, le=1000, description="Jobs of one shop that have not ended.")


class PreviewLimitSettings(ProcessSettings):
    """How much of everybody's time one shop's previews may ask for."""

    open_previews_per_shop: int = Field(20, ge=1, le=1000, description="Previews of one shop that have not ended.")


class RequestLimitSettings(ProcessSettings):
    """How much of the API one shop may have."""

    requests_per_second: float = Field(
        20.0, ge=1, le=10_000, description="API requests of a shop's page, per process; five times as many at once."
    )
    key_requests_per_second: float = Field(
        20.0,
        ge=1,
        le=10_000,
        description="API requests of one server's key for a shop, of all processes; five times as many at once.",
    )
    shop_key_requests_per_second: float = Field(
        40.0,
        ge=1,
        le=10_000,
        description="API requests of all servers' keys for a shop, likewise.",
    )
    requests_at_once: int = Field(
        4, ge=1, le=100, description="API requests of one shop that a process works on; the next ones wait in line."
    )
    streams_per_shop: int = Field(50, ge=1, le=10_000, description="Open event streams of one shop, per process.")
    streams_per_user: int = Field(10, ge=1, le=10_000, description="Open event streams of one user, per process.")
    stream_seconds: float = Field(
        300.0, ge=10, le=3600, description="After this, or with its session token, an event stream ends."
    )
    exports_per_shop: int = Field(
        2, ge=1, le=100, description="Tables (CSV) one shop may download at once, per process."
    )


class SweepingSettings(ProcessSettings):
    """The looks for missed webhooks, and the word on what schedules came to."""

    outgoing_per_shop: int = Field(
        2, ge=1, le=16, description="Outgoing webhooks of one shop that a process sends at once."
    )

    sweep_every_seconds: float = Field(
        300.0, ge=5, le=86400, description="How often each shop is swept for missed webhooks."
    )
    webhook_grace_seconds: float = Field(
        120.0, ge=1, le=86400, description="How long a webhook may take before a cell that differs counts as missed."
    )


class TargetSettings(ProcessSettings):
    """Outgoing webhooks."""

    private_targets: bool = Field(
        False,
        description="Outgoing webhooks may go to private addresses, and by http to this machine: not on a server.",
    )
    target_ports: Annotated[list[int], NoDecode] = Field(
        [443], description="The ports that outgoing webhooks may go to, comma-separated."
    )

    @field_validator("target_ports", mode="before")
    @classmethod
    def _split_ports(cls, value: object) -> object:
        return [port.strip() for port in value.split(",") if port.strip()] if isinstance(value, str) else value

    @field_validator("target_ports")
    @classmethod
    def _are_ports(cls, ports: list[int]) -> list[int]:
        if not ports or not all(0 < port <= _HIGHEST_PORT for port in ports):
            raise ValueError(f"must be numbers from 1 to {_HIGHEST_PORT}, at least one")
        return ports


class MailSettings(ProcessSettings):
    """Mails to a shop's people. Without a server none are sent, and the page says so."""

    mail_from: str | None = Field(None, description="Who mails come from: an address. Needed with TRUEUP_SMTP_URL.")
    smtp_without_tls: bool = Field(
        False, description="Send mails also through a server that does not encrypt: only within one machine or network."
    )
    smtp_url: SecretStr | None = Field(
        None, description="smtp(s)://user:password@host:port; smtp is encrypted by STARTTLS; none: no mails are sent."
    )
    mail_gather_seconds: float = Field(
        60.0, ge=0, le=86400, description="How long notices are gathered before one mail tells of them."
    )
    mail_every_seconds: float = Field(
        600.0, ge=0, le=86400, description="Least time between two mails of notices to one shop."
    )

    @field_validator("mail_from")
    @classmethod
    def _is_mail_address(cls, sender: str | None) -> str | None:
        if not sender:
            return None
        if not is_mail_address(sender):
            raise ValueError("must be an address such as trueup@example.com")
        return sender

    @field_validator("smtp_url")
    @classmethod
    def _is_mail_server(cls, url: SecretStr | None, given: ValidationInfo) -> SecretStr | None:
        if url is None or not url.get_secret_value():
            return None
        wanted = "must look like smtps://user:password@host:port, or smtp:// with STARTTLS"
        try:
            parts = urlsplit(url.get_secret_value())
            known = parts.scheme in {"smtp", "smtps"} and parts.hostname and (parts.port is None or parts.port > 0)
        except ValueError:
            raise ValueError(wanted) from None
        if not known or parts.path.strip("/") or parts.query or parts.fragment:
            raise ValueError(wanted)
        # A wrong one has been refused for itself already.
        if given.data.get("mail_from", "") is None:
            raise ValueError("needs TRUEUP_MAIL_FROM: who mails come from")
        return url


class PageSettings(ProcessSettings):
    """The admin page. First among the bases: its check looks at settings of others."""

    page_directory: Path | None = Field(None, description="The built admin page; none: where the build leaves it.")
    demo_sign_in: str | None = Field(
        None, description="A shop that anybody on this machine is signed in to; with a simulator on it only."
    )

    @field_validator("demo_sign_in")
    @classmethod
    def _never_in_production(cls, shop: str | None, given: ValidationInfo) -> str | None:
        if not shop:
            return None
        if not is_shop_domain(shop):
            raise ValueError("must be a shop's domain, such as name.myshopify.com")
        own, shopify = given.data.get("host", ""), urlsplit(given.data.get("shopify_url", "")).hostname
        if own not in _LOOPBACK or shopify not in _LOOPBACK:
            raise ValueError("is for demos: TRUEUP_HOST and the simulator of TRUEUP_SHOPIFY_URL must be on 127.0.0.1")
        return shop


def is_fernet_key(text: str) -> bool:
    """Whether Fernet takes it as a key: its own check, without loading cryptography."""
    try:
        return len(urlsafe_b64decode(text)) == _FERNET_KEY_BYTES
    except ValueError:
        return False


def _must_be_address(url: SecretStr, schemes: tuple[str, ...]) -> None:
    """Raise ValueError, without showing the address: it may hold a password."""
    wanted = f"must look like {schemes[0]}://user:password@host:port/vhost"
    try:
        parts = urlsplit(url.get_secret_value())
        known = parts.scheme in schemes and parts.hostname and (parts.port is None or parts.port > 0)
    except ValueError:
        raise ValueError(wanted) from None
    if not known:
        raise ValueError(wanted)
