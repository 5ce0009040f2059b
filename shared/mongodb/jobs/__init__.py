"""Jobs, their cells, and the pushes that carry cells to Shopify. Owns the collections jobs, cells and pushes.

`job` has the records that everybody sees, `jobs` the store that makes them; `job_form` alone knows their documents.
"""
