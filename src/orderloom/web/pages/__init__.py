"""What people see: one module a room, each with its `routes`."""
