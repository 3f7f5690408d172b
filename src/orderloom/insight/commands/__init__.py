"""Verbs of past invoices."""

from orderloom.insight.commands.importing import Progress, import_history
from orderloom.insight.commands.own import take_invoices

__all__ = ["Progress", "import_history", "take_invoices"]
