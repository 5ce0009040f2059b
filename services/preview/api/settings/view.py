"""A shop's settings as they are shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

from services.preview.api.settings.models import SettingChanged, SettingsOut
from shared.mongodb.shops.shop_settings import RunSettings, SettingChange


def settings_out(settings: RunSettings, changes: Sequence[SettingChange]) -> SettingsOut:
    """The settings with their last changes."""
    return SettingsOut(**asdict(settings), changes=[SettingChanged.model_validate(asdict(one)) for one in changes])
