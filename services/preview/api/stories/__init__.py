"""/api/cells/{bom_id}/{location_id}/history: the life of a number, what has happened to one BOM at one location.

`routes` has the handlers and their table, `models` what is taken and shown, `view` makes the shown of what is stored;
`sentences` says it in a merchant's words.
"""
