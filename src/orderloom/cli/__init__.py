"""The command line: starts everything, imports and exports, simulates, verifies, backs up.

`orderloom --help` lists the verbs. Exit status: 0 done, 1 the answer is no (a failed check), 2 refused
with sentences on standard error, 130 interrupted. Where a program might read the output, `--json`.
"""
