"""What is served: the Admin API, tokens, and replies that may be broken off."""
