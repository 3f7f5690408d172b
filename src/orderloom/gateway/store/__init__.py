"""SQL of the gateway, by noun: the only writer of the schema."""
