"""What changes a shop: quantities under compare-and-set, stocking an item, our own webhook subscriptions."""
