"""Whom we deal with and who we are.

Owns the schema `parties`: legal entities; accounts in trees with their contacts, addresses, billing
accounts and shipping preferences; users, teams, skills and roles; territories and who covers them;
sessions, API keys and one-time links.

Words. An *account* is the party we sell to; its *places* are its addresses, by code. A *billing
account* is what an item is invoiced to. A *team covers* an account directly, with all below it, or
through a *territory*. An actor *sees* every account, or those that their teams cover.

Promises. The account tree has no circle: constraints alone keep it so. Deny by default: what a role
does not grant is refused, and an account that an actor may not see answers as one that does not
exist. One policy yields both the predicate and the SQL filter (`policy.account_policy`). Passwords
are kept as argon2id, tokens and keys as SHA-256 only; a log-in tells nobody whether a user exists.
What an account leaves open (time zone, language, billing account, shipping preference) it inherits
from its nearest ancestor that says.
"""
