"""Previews and jobs from the command line. `service_requests` alone asks for them: the document, then its message."""
