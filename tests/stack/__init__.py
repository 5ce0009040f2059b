"""The compose stack on a Docker engine: `make stack-check`. No stage of `make test`, since it needs images."""
