"""The care for shops: paused ones are probed, unfinished set-ups finished, and Shopify is asked what webhooks only
claim.
"""
