"""A shop from its first token to its redaction. Owns shops, compliance and audit."""
