"""SQL of the room, by noun: what a capture asks and writes, the life cycle, holds."""
