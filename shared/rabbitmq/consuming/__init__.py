"""From a queue to a handler: subscription, delivery, the frame around the handler, the answers."""
