"""Computing previews: `requests` takes them up, `turns` says whose is next, `previewer` reads and writes the rows."""
