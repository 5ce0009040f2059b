"""Trueup on Kubernetes: kustomize, and the rules as a resource."""
