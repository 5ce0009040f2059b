"""The registry of what is believed of Shopify."""
