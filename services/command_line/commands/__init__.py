"""The commands of `trueup`, a module each: what `main` runs once the words of the command line are understood.

A command asks a store or a service and prints; it decides nothing about stock. What it prints goes through
`terminal`, what it opens comes from `connections`. `runs` has previews and jobs, `shops` a shop with its BOMs,
`operations` what the operator of the services does.
"""
