"""The words, tables and files of the command line."""
