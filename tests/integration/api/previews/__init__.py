"""Previews, their rows and large inputs."""
