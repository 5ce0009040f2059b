"""The examples of docs/examples, run as they stand against running services with two shops, and generated clients."""
