"""What a worker does to the cells of one shop: the steps of both directions, pushes that fence, and undo."""
