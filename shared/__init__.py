"""What all three services use: the pure domain, the message contract, and the adapters."""
