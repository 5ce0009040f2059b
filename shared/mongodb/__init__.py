"""The MongoDB adapter. Motor and PyMongo are imported in this package and nowhere else.

A folder for each aggregate, which alone reads and writes its collections; what it hands out are records. `schema` lists
collections and indexes, `documents` what stands in them. For all folders: `connection`, `transactions`, `lease`,
`pages`, `patches`, and `stored_words`, by which the words of a newer build are read.
"""
