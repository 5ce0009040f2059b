"""A shop's life: installed by its first session token, its tokens renewed, paused and resumed."""
