"""Tests of Trueup: unit, contract, simulator, integration and chaos, run by tests/run.py."""
