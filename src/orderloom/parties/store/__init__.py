"""SQL that writes the schema `parties`, by noun; private to the room."""
