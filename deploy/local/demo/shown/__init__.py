"""What the demo shows of previews and jobs while it is at them, from the documents: with orders arriving all the while.

`asking` asks as the app does, `watch` waits for the broker's news, the others put into words and into the report.
"""
