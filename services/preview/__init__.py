"""The admin-facing service: the page, its HTTP API, previews, job requests.

`api` answers, `page` serves the built files, `computing` takes previews in turn, `records` keeps what the app sends by
RabbitMQ. `bootstrap` puts it together. It asks for jobs; it works on none.
"""
