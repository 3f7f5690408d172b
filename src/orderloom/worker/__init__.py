"""The worker: an entrance without a person. It runs due jobs, ready steps, calls and timers.

Workers hold no state: run as many as you like, on any host, against one database.
"""
