"""The only writer of the schema `stock`."""
