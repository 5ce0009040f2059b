"""Keys of servers: who they are, what they may do, and how many requests they have had.

`server_key` is the record, `server_keys` keeps them, `request_shares` counts requests across processes.
"""
