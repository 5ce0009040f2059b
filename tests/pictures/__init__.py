"""Makes the pictures of the merchant's guide from the running page: `make pictures`."""
