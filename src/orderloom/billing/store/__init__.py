"""The only writer of the schema `billing`."""
