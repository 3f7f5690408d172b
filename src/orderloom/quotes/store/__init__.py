"""The only writer of the schema `quotes`."""
