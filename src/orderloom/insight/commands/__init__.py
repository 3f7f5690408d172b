"""Verbs of past invoices."""

from orderloom.insight.commands.importing import Progress, import_history

__all__ = ["Progress", "import_history"]
