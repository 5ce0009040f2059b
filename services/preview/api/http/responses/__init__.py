"""What goes back to a client: a page of a list, a table as CSV, a stream of events, a problem document; compressed."""
