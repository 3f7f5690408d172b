"""The wire: partners, the outbox of calls, the inbox of messages, webhooks. Knows no business word.

Owns the schema `gateway`.

Words. A *partner* is an outside system with an address, secrets and limits. A *call* is one piece of
work that a partner is asked to do; its *key* names the work and is the same for every *attempt*. A
*message* is what a partner tells us of its own accord. A *correlation* is an opaque string of the
caller, carried out with a call and found again in a message. A *webhook* is a partner that is told facts.

Promises. A call is written in the transaction that wants it and sent after the commit, outside any
transaction, at least once, always with the same key. It ends answered, refused, unknown, exhausted or
cancelled; *unknown* (the request may have arrived, no reply was understood) is never taken for
success. A lease and the attempt's number fence two workers from each other. Rate, calls in flight,
circuit and online switch are rows, so any number of workers keeps them together.

Names are resolved first and the resolved address is what is connected to; private, loopback,
link-local and metadata addresses are refused unless the configuration names their network, and
redirects are never followed. Requests and messages are signed as Standard Webhooks 1.0 says.

A message counts once however often it comes. One whose step does not wait yet is kept until it does.
"""
