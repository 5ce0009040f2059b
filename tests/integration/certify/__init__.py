"""What is believed of Shopify, tried: against the simulator, whose beliefs can be turned."""
