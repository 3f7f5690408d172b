"""The only writer of the schema `catalog`."""
