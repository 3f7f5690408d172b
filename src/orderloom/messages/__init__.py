"""What is said to customers and colleagues outside of the program, and what became of it.

Owns the schema `messages`: messages with their attachments, one delivery for each recipient, and every attempt.

Words. A *message* is a text with HTML beside it, hung on a subject. A *delivery* is the message on its way to one
recipient over a *channel*: e-mail now, text message and chat by the same interface. A *letter* is a template of ours
with its words in the recipient's language.

Promises. A message is queued in the transaction of what it tells of, and sent by a worker outside of any. Its
Message-ID never changes, so a repeat is recognised. What a server refuses for good, what bounced and what nobody
knows the outcome of are states of their own, and a person decides what happens then. No header can be smuggled in.
Without a server, messages stay queued. All commands may be repeated.
"""
