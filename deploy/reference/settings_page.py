"""docs/reference/settings.md, from the settings' model."""

from __future__ import annotations

import typing
from pathlib import Path
from typing import Any, get_args, get_origin

from pydantic import SecretStr
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from deploy.reference.markdown import table
from shared.roles import SERVED, Role
from shared.settings import SETTINGS_OF, Settings
from shared.store_address import SECRETS_DIR


def settings_page() -> str:
    """The page."""
    rows = [
        (f"`TRUEUP_{name.upper()}`", _kind(field.annotation), _default(field), _readers(name), field.description or "")
        for name, field in Settings.model_fields.items()
    ]
    return "\n".join(
        [
            "# Settings\n",
            (
                "Environment variables, read once at the start. A missing or wrong one stops the start with one line "
                "that names it and never shows its value. Each role reads its own and looks at no other, so give it no "
                "more: roles served together read what each of them reads, a command what it needs. `prepare` is the "
                "command of that name.\n\n"
                f"One that the environment lacks is read from a file of its name in small letters, such as "
                f"`trueup_amqp_url`, in the folder that `{SECRETS_DIR}` names, where that is set.\n"
            ),
            table(("variable", "kind", "default", "read by", "meaning"), rows),
        ]
    )


def _readers(name: str) -> str:
    """The roles that read a setting."""
    readers = [role for role, model in SETTINGS_OF.items() if name in model.model_fields]
    if len(readers) == len(SETTINGS_OF):
        return "every role"
    if set(readers) == set(SERVED):
        return "every service"
    return ", ".join("prepare" if role is Role.OWNER else str(role) for role in readers)


_PLAIN = {SecretStr: "secret", str: "text", int: "number", float: "number", Path: "path", bool: "true or false"}


def _kind(annotation: Any) -> str:
    if get_origin(annotation) is typing.Literal:
        return ", ".join(f"`{value}`" for value in get_args(annotation))
    options = [option for option in get_args(annotation) if option is not type(None)]
    if get_origin(annotation) is list:
        return f"{_kind(options[0])}s, comma-separated"
    if options:
        return _kind(options[0])
    return _PLAIN.get(annotation, str(annotation))


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    if field.default_factory is not None or field.default is None or field.default is PydanticUndefined:
        return "none"
    if isinstance(field.default, list):
        return f"`{','.join(str(one) for one in field.default)}`"
    return f"`{str(field.default).lower() if isinstance(field.default, bool) else field.default}`"
