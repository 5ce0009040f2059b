"""How Trueup is run: on one machine without containers (deploy.local), or from the files beside this package."""
