"""Tests without I/O, in folders by what they hold; `source` has what holds over the whole tree of sources."""
