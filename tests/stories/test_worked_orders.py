"""The three worked orders from the customer's order to the invoice."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.stories.conftest import Story


async def invoiced(story: Story, order_id: int) -> list[tuple[str, Decimal, Decimal]]:
    return await story.ask(
        """
        SELECT invoice_line.description, invoice_line.quantity, invoice_line.net
          FROM billing.invoice_line
          JOIN billing.invoice ON invoice.id = invoice_line.invoice_id
         WHERE invoice.order_id = %(id)s
         ORDER BY invoice.id, invoice_line.position
        """,
        id=order_id,
    )  # type: ignore[return-value]


@pytest.mark.slow
@pytest.mark.parametrize("name", ["A-triple-play", "B-wholesale-kit", "C-saas-hardware"])
async def test_a_worked_order_is_carried_out_and_billed(story: Story, name: str) -> None:
    [order] = await story.place(name)
    await story.finish(order)

    print(await story.ask('SELECT line, product_name, state FROM orders.item WHERE order_id=%(i)s ORDER BY position', i=order.id))
    print(await story.ask('SELECT number, title, state, sub_reason, error, wake_at FROM processes.step WHERE process_id=%(i)s ORDER BY number', i=order.process_id))
    assert await story.states([order]) == ["completed"]
    story.verify()
    print(await invoiced(story, order.id))
