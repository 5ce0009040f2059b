"""What can be set: plans, retry pace, and the points on which nobody has shown how Shopify behaves."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Final

SUPPORTED_VERSIONS: Final = ("2026-04", "2026-07", "2026-10")


class SettingError(ValueError):
    """A setting that cannot be used; the text names it and the remedy."""


@dataclass(slots=True)
class OpenPoints:
    """Behaviour that no recording shows: both ways are offered, and a client must be right under either."""

    nodes_cost_per_id: bool = False  # `nodes(ids:)` costs its selection once, or once for each id
    unstocked_set_adds: bool = False  # from 2026-10, a set where the item is not stocked replaces, or adds
    stale_lists_all: bool = True  # a stale reply lists every stale entry, or only the first
    stale_paths: bool = True  # its errors carry the entry's path, or none
    mixed_batch_partial: bool = False  # one bad entry refuses the whole batch, or only itself
    repeated_key_executes: bool = False  # a repeated idempotency key answers the first result, or executes again
    totals_lag_seconds: int = 0  # how far a product's `totalInventory` lags behind its levels
    activation_keeps: bool = False  # a quantity given with an activation replaces what the level held, or does not
    points_per_quantity: int = 0  # what each entry of a set or adjustment costs above the mutation's own points

    def update(self, values: dict[str, Any]) -> None:
        """Set the named switches. Raises SettingError for a name or a kind of value that does not exist."""
        kinds = {item.name: type(getattr(self, item.name)) for item in fields(self)}
        for name, value in values.items():
            if name not in kinds:
                raise SettingError(f"open point {name!r} does not exist; there are: {', '.join(kinds)}")
            if type(value) is not kinds[name]:
                raise SettingError(f"open point {name!r} must be a {kinds[name].__name__}, not {value!r}")
            setattr(self, name, value)


def read_open_points(path: Path) -> dict[str, Any]:
    """The switches of a file, as `trueup certify` writes them: one JSON object. Raises SettingError."""
    values = _object_in(path, "--open-points")
    OpenPoints().update(values)
    return values


def _object_in(path: Path, option: str) -> dict[str, Any]:
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingError(f"{option} {path}: {error.strerror}") from error
    except ValueError as error:
        raise SettingError(f"{option} {path} is not JSON: {error}") from error
    if not isinstance(document, dict):
        raise SettingError(f"{option} {path} must hold a JSON object")
    return document


@dataclass(frozen=True, slots=True)
class Plan:
    """A plan's bucket: points it holds, and points restored per second."""

    maximum: float
    restore_rate: float


def shopify_plans() -> dict[str, Plan]:
    """Restore rates as documented; the bucket of 2000 at rate 100 is recorded, and the others keep that ratio."""
    return {
        "standard": Plan(2000, 100),
        "advanced": Plan(4000, 200),
        "plus": Plan(20000, 1000),
        "enterprise": Plan(40000, 2000),
    }


@dataclass(slots=True)
class Settings:
    """Everything the configuration file may set."""

    webhook_backoff_factor: float = 1.0
    webhook_timeout_seconds: float = 5.0
    log_size: int = 2000
    plans: dict[str, Plan] = field(default_factory=shopify_plans)
    open_points: OpenPoints = field(default_factory=OpenPoints)
    shops: list[dict[str, Any]] = field(default_factory=list)


def read_settings(path: Path) -> Settings:
    """Settings from a JSON file. Raises SettingError naming what is wrong."""
    document = _object_in(path, "--config")
    settings = Settings()
    for name, value in document.items():
        _apply(settings, name, value)
    return settings


def _apply(settings: Settings, name: str, value: Any) -> None:
    if name in ("webhook_backoff_factor", "webhook_timeout_seconds", "log_size"):
        if not isinstance(value, (int, float)) or isinstance(value, bool) or value < 0:
            raise SettingError(f"setting {name} must be a number that is not negative, not {value!r}")
        setattr(settings, name, int(value) if name == "log_size" else float(value))
    elif name == "open_points" and isinstance(value, dict):
        settings.open_points.update(value)
    elif name == "plans" and isinstance(value, dict):
        for plan, pair in value.items():
            settings.plans[plan] = read_plan(plan, pair)
    elif name == "shops" and isinstance(value, list):
        settings.shops = value
    else:
        raise SettingError(f"setting {name!r} does not exist or has the wrong kind of value")


def read_plan(name: str, pair: Any) -> Plan:
    """A plan from `[maximum, restore per second]`. Raises SettingError."""
    if isinstance(pair, list) and len(pair) == len(("maximum", "restore")) and all(_is_amount(n) for n in pair):
        return Plan(float(pair[0]), float(pair[1]))
    raise SettingError(f"plan {name!r} must be [maximum, restore per second], not {pair!r}")


def _is_amount(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and value >= 0
