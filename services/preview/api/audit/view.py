"""An act as it is shown."""

from __future__ import annotations

from services.preview.api.audit.models import AuditEntry
from shared.mongodb.schema import Document


def audit_entry(document: Document) -> AuditEntry:
    """As kept."""
    return AuditEntry(**{name: document[name] for name in AuditEntry.model_fields})
