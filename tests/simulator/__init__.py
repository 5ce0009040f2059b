"""Tests of the simulated Shopify."""
