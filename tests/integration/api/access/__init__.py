"""Who may ask for what, and what stands of it in the log of acts."""
