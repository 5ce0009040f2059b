"""The MongoDB adapter. Motor and PyMongo are imported in this package and nowhere else."""
