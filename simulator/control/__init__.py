"""The control API under /control: shops, stock, catalogues, webhooks, faults and figures."""
