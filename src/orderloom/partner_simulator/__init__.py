"""The outside systems of the demo world and the tests, played by one process that speaks HTTP.

`POST /{partner}/{operation}` takes any work, with Idempotency-Key and our signature: the same key has
one effect and gets the same reply, `200 {"status": "done", "outputs": {...}}`, or `202` and the outputs
later in a message `{"type": operation, "correlation": ..., "outputs": {...}}`. The correlation comes in
the header Orderloom-Correlation and goes back unchanged.

`POST /{partner}/expect` announces something that happens outside: `{"kind": "delivered", "count": 1,
"hint": {...}}`. The answer is 202; later come `count` messages whose type is that kind. `hint` is what
the caller knows; its lines come back in their outputs. Without a hint the body itself is one, and
`type` stands for `kind` where there is none.

Messages go to `{callback}/api/gateway/{partner}/messages`, signed as Standard Webhooks says, and are
sent again until they are taken. All keys are derived from one master secret.

`GET /effects` counts what was really done, by partner and key; `GET /messages` lists what was sent.
`POST /control` changes the behaviour, see `behaviour.py`; `--behaviour FILE` reads it at the start.
Chance depends on seed, partner, key and attempt only, so a run can be repeated.
"""
