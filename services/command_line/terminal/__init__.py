"""What a person at a terminal sees: tables, progress, summaries, questions. Stored text is text, never markup."""
