"""Processes: the step engine and its log.

Owns definitions (immutable graphs, shared by everything of equal shape), processes (one running copy
each), their steps, and the log of every move that somebody or something made. A step is blocked,
ready, running, waiting, done, skipped, failed or cancelled; a hold and its reason are columns, and
`sub_reason` says what a waiting step waits for or why a step was skipped or cancelled.

Tokens. A step that is done, that its condition or a person skipped, or that a customer's revision
removed sends a token along its edges, and releases what follows. A failed step, or one cancelled
otherwise, sends nothing. A skipped step passes its token on only when its own tokens are all there.
False tokens exist behind a gateway's unchosen edge only. The counters of a step always equal what
`rules.counters` computes from the states of its predecessors.

Promises. Control flow and effects in the database happen exactly once: a handler runs inside the
transaction that completes its step, behind a fence. Effects outside happen at least once, under one
idempotency key for all attempts. A step that crashes, even one that kills its worker, stops nobody
else. Whoever changes a process holds the lock on its row; nobody waits while claiming.
"""
