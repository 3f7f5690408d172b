"""The entrance for people and programs over HTTP.

Owns no rows. A request is parsed once into frozen input, its actor is found and allowed or refused, one transaction
is opened, one command or read is called, and the answer is rendered: a page for people (`pages/`, `templates/`), JSON
for programs (`api/`).

Promises:

- Every route declares its permission; a route without one does not start (`app.py`), and a request that no permission
  covers is refused before anything is read.
- Every error is a problem document (RFC 9457) for programs and a page with the next move for people; a bug shows a
  correlation number, never a traceback.
- A POST with an `Idempotency-Key` happens once (`idempotency.py`); a change to something that has a version asks for
  `If-Match` (`preconditions.py`); lists page by keyset (`paging.py`).
- Pages load nothing from another origin and run under a Content-Security-Policy without inline code or eval.
- One stream of server-sent events a browser tells pages what changed (`live.py`), filtered by what the person may see.
"""
