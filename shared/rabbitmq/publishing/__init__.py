"""From a message to its confirm: the publisher, what one channel writes together, and its frames."""
