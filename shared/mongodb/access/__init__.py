"""Who may do what on MongoDB, why it refuses, and how secrets lie in it."""
