"""Orderloom, an order management system: from the customer's order to its fulfilment and payment."""

__version__ = "0.1.0"
