"""An act as it is shown."""

from __future__ import annotations

from services.preview.api.audit.models import AuditEntry
from shared.mongodb.shops.acts import KeptAct


def audit_entry(kept: KeptAct) -> AuditEntry:
    """From its record."""
    return AuditEntry(**{name: getattr(kept, name) for name in AuditEntry.model_fields})
