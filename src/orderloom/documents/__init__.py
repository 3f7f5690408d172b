"""Papers for customers: from a plain model of a document to a PDF that never changes.

Owns the schema `documents`: what was asked for, and what came of it. The bytes lie in `base.blob` under their hash.

Words. A *paper* is the plain model that a higher room makes of its rows: parties, lines with bundles, totals, taxes,
notes. A *sheet* is the paper in one language, every number and date already written as people there write it, with
or without prices. A *document* is a sheet on its way to a PDF: requested, then rendered or refused.

Promises. A sheet without prices holds no amount, so neither does its PDF. Text is text, whatever it contains: it
reaches the templates as data and never as source. A character that no font has is named or refused, never left out.
A PDF is made outside of any transaction, is PDF/A-2a and PDF/UA-1, and is kept byte by byte under its SHA-256.
The same sheet asked for again is the same document.
"""
