"""The only writer of the schema `processes`: process by process, step by step, and the worker's claims."""
