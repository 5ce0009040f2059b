"""The commands as they are declared: names, arguments and help. Each loads what it needs when it is run.

`commands.py` beside this folder is the table of them; what a command does is in the modules beside it.
"""
