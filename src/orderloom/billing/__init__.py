"""What is charged, when it may be, and the invoice that says so.

Owns the schema `billing`: billing triggers with their gates and increments, charges, subscriptions,
tax rates, invoices with lines and tax, number series without gaps, payments.

Words. A *trigger* stands for one price of one order item; its *gates* are steps of the order that
must be done first. It is armed, then ready when every gate is met, then released; or waived, or
reversed. An *increment* is a quantity released at once: usually all of it, for kits those that are
complete, for leases those of one site. A *charge* is what an increment makes billable: once, or for
one period of a *subscription*. The *effective date* is when it happened, in the account's time zone,
not when it was processed.

Promises. No charge before every gate of its trigger; each exactly once. A trigger is unique per
order item, price, action and revision. An invoice is written whole, with its number, and never
changed; numbers have no gap within legal entity, series and year. Totals are the sums of lines. Each
line names its order item and its bundle. All commands may be repeated.
"""
