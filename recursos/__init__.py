"""What the HTTP service answers, one file per kind of thing; api.py lists the routes.

Handlers only await: database work runs in the thread pool, publishing in the publisher's own thread.
"""
