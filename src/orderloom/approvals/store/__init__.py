"""The only writer of the schema `approvals`."""
