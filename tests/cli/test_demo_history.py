"""The past of the demo company: every row is taken, and every customer is an account."""

from datetime import date

from orderloom.cli.demo_history import load_past
from orderloom.cli.demo_world import load_world


async def test_the_demo_company_has_a_past_that_its_people_see(tx):
    await load_world(tx, partners_url="http://127.0.0.1:9", master="x" * 32)
    report = await load_past(tx)

    assert report.outcomes.get("refused", 0) == 0
    assert report.documents["invoice"] > 1_000
    assert await tx.value("SELECT count(*) FROM insight.customer WHERE account_id IS NULL") == 0
    assert await tx.value("SELECT max(issued_on) FROM insight.document") < date(2024, 11, 1)
