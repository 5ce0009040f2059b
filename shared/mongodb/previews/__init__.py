"""Previews and their rows, read in pages by size and kind. Owns previews and preview_rows."""
