"""The demo: a shop in drift on this machine, previewed, reconciled in both directions, and judged."""
