"""Past invoices: found in a moment, and what they say about customers and products.

Owns the schema `insight`: one ledger over imported history and our own invoices, the account of every
row that was imported, and summaries.

Words. A *document* is an invoice, a credit note, an adjustment (such as a bad debt) or a stock
write-off; a *source* is the system that it comes from, `billing` for our own. A *mapping* says what
the columns of a file mean. The *account* of an import says what became of each row: imported, merged
with one that says the same, corrected, unchanged since an earlier import, or refused, and why.
*Sold* is what invoices say, *returned* what credit notes take back, *revenue* the difference;
adjustments and write-offs are neither. A *figure* is a table of numbers with a question as its name:
every chart is drawn from one, and every one can be had as a file.

Promises. An import is written whole or not at all, and the same file twice changes nothing. No two
currencies are ever added. Summaries are sums of the ledger (`orderloom verify` compares them). A
person sees the documents of the accounts that their teams cover; documents without an account are
seen by those who see all accounts.
"""
