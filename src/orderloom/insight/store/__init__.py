"""SQL of past invoices: the only writer of the schema `insight`."""
