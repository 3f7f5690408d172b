"""What programs call: one module a room, each with its `routes`."""
