"""Who reports to whom, and who looks after which account."""

from __future__ import annotations

from collections.abc import Mapping

from orderloom.base.refusals import Problem, refuse_if_any
from orderloom.base.transaction import Tx
from orderloom.base.types import Subject
from orderloom.parties.events import AccountOwnerSet, ManagerSet
from orderloom.parties.policy import require
from orderloom.parties.store import account as accounts
from orderloom.parties.store import people, reporting


async def set_managers(tx: Tx, managers: Mapping[str, str | None]) -> None:
    """Say whom people report to, by login; none: nobody. All or nothing; a circle is refused."""
    require(tx.actor, "admin")
    logins = [*managers, *(login for login in managers.values() if login)]
    ids = await people.user_ids(tx, logins)
    refuse_if_any([_unknown(login) for login in dict.fromkeys(logins) if login not in ids])
    refuse_if_any(
        [
            Problem("manager_self", f"{login} cannot report to themselves; name somebody else.", "/manager")
            for login, manager in managers.items()
            if login == manager
        ]
    )
    before = await reporting.managers_of(tx, [ids[login] for login in managers])
    await reporting.set_managers(
        tx, {ids[login]: ids[manager] if manager else None for login, manager in managers.items()}
    )
    circle = await reporting.reporting_circles(tx, [ids[login] for login in managers])
    message = "{} would report to themselves in the end; choose somebody else."
    refuse_if_any([Problem("manager_circle", message.format(name), "/manager") for name in circle])
    tx.emit(
        ManagerSet(Subject("user", ids[login], login), before=before.get(ids[login]), after=manager)
        for login, manager in managers.items()
        if before.get(ids[login]) != manager
    )


async def set_account_owners(tx: Tx, owners: Mapping[str, str | None]) -> None:
    """Say who looks after accounts, by their numbers and a login; none: nobody. All or nothing."""
    require(tx.actor, "parties.write")
    known = await accounts.find(tx, list(owners))
    ids = await people.user_ids(tx, [login for login in owners.values() if login])
    refuse_if_any(
        [
            *(
                Problem("account_unknown", f"There is no account {number}; give the number of one.", "/account")
                for number in owners
                if number not in known
            ),
            *(_unknown(login) for login in dict.fromkeys(owners.values()) if login and login not in ids),
        ]
    )
    await reporting.set_owners(
        tx, {known[number].id: ids[login] if login else None for number, login in owners.items()}
    )
    tx.emit(
        AccountOwnerSet(Subject("account", known[number].id, number, known[number].id), after=login)
        for number, login in owners.items()
    )


def _unknown(login: str) -> Problem:
    return Problem("user_unknown", f"There is no user {login}; give the login of one.", "/login")
