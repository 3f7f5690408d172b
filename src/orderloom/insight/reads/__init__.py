"""Reads of past invoices, shaped for pages, API and files."""
