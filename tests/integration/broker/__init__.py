"""What anybody may publish, and what becomes of it; what a partner's user may do."""
