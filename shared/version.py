"""The version of this build, as pyproject.toml states it."""

from importlib.metadata import version

VERSION = version("trueup")
