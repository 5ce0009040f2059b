"""The admin page in Chromium: the campaign on a large shop, and how long the list takes to open."""
