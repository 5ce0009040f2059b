"""/api/selections: how much a selection is at this moment, before anything is asked for over it.

`routes` has the handler and its table, `models` what is taken and shown, `view` counts it.
"""
