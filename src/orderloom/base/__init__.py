"""The ground floor: what every room stands on and nothing that knows a business word.

Owns the schema `base`: events, jobs, subscriptions, the clock, number series, idempotency keys and
the list of applied migrations.

Words. A *transaction* is the one door to the database; it carries the actor, the house and business
time. An *event* is a fact in the past tense, written with the rows it is about. A *job* is one
reaction that one event asks for; jobs are written together with the event, so none is found late or
missed. A *refusal* is the world saying no: every problem has a code, a sentence and a pointer.

Promises. What a transaction wrote is there with its events and their jobs, or none of it is. A job
is run at least once and its effect counts once: a reaction decides from the rows as they are. Jobs
of one subject never overlap. Business time moves only in a database that was made movable.
"""
