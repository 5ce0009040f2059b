"""The command `trueup`, which composes the services.

`main` runs it and says how it ended; `command_table` is the tree of commands, `declared` their words and help,
`commands` what they do. `all_services` is every service in one process.
"""
