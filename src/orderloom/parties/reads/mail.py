"""Who at a customer's gets the mail."""

from __future__ import annotations

from dataclasses import dataclass

from orderloom.base.transaction import Tx


@dataclass(frozen=True, slots=True)
class MailReader:
    """A person at the customer's, or the address of the billing account, whose name is empty."""

    address: str
    name: str
    language: str | None


async def mail_reader(tx: Tx, account_id: int, billing_account_id: int | None = None) -> MailReader | None:
    """Whom mail to a customer goes to: the first contact with an address, the main one before all, else the payer.

    Without a billing account the customer's default one is asked. Whoever holds the ids has been let through.
    """
    return await tx.one_or_none(
        """
          SELECT reader.address, reader.name, reader.language
            FROM (SELECT contact.email AS address, contact.name, contact.language, NOT contact.is_primary AS rank,
                         contact.id
                    FROM parties.contact
                   WHERE contact.account_id = %(account_id)s
                     AND contact.is_active
                     AND contact.email <> ''
                   UNION ALL
                  SELECT billing_account.email, '', NULL, NULL, billing_account.id
                    FROM parties.billing_account
                   WHERE (billing_account.id = %(billing_account_id)s
                          OR (%(billing_account_id)s::bigint IS NULL
                              AND billing_account.account_id = %(account_id)s
                              AND billing_account.is_default))
                     AND billing_account.email <> '') AS reader
        ORDER BY reader.rank NULLS LAST, reader.id
           LIMIT 1
        """,
        {"account_id": account_id, "billing_account_id": billing_account_id},
        row=MailReader,
    )
