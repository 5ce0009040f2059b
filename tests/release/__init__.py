"""What is released works by itself. Run by `make wheel-check`, which builds it first."""
