"""The demo and the private nodes that it and the tests run on."""
