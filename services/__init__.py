"""The services of Trueup, each with one composition root, and the `trueup` command."""
