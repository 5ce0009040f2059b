"""The table of routes as an OpenAPI document.

`openapi` makes it, `documents` serves it and `described` prints it;
`explained` puts the domain's sentences into models.
"""
