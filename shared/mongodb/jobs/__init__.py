"""Jobs, their cells, and the pushes that carry cells to Shopify. Owns the collections jobs, cells and pushes.

`job` and `cell` have the records that everybody sees, `jobs` and `cells` the stores that make them; `job_form` and
`cell_form` alone know their documents. `pushes` has both, `bom_progress` derives a job's figures BOM by BOM.
"""
