"""SQL of the room: queues and tasks, and the ladder."""
