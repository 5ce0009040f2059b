"""What every operation of the API shares: from the request line to the problem document.

`app` joins the routes of the nouns beside this folder, `dispatch` takes one request through one route, `dependencies`
is what handlers work with. Nothing here knows a noun but `app`.
"""
