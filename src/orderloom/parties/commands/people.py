"""Users, teams, roles, territories and legal entities are set up by an administrator."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict

from orderloom.base.money import is_currency
from orderloom.base.refusals import NotFound, Problem, Stale, refuse, refuse_if_any
from orderloom.base.transaction import Tx
from orderloom.base.types import Subject
from orderloom.parties import passwords, rules
from orderloom.parties.events import (
    LegalEntitySaved,
    RoleSaved,
    SessionsRevoked,
    TeamSaved,
    TerritorySaved,
    UserChanged,
    UserCreated,
)
from orderloom.parties.policy import require, unknown_permissions
from orderloom.parties.postal import address_problems, normalised
from orderloom.parties.reads import list_legal_entities
from orderloom.parties.store import access, coverage
from orderloom.parties.store import account as accounts
from orderloom.parties.store import people as store
from orderloom.parties.tax_ids import compacted_tax_id, tax_id_problem
from orderloom.parties.types import LegalEntityDraft, RoleDraft, TeamDraft, TerritoryDraft, UserDraft, UserEdit


async def create_users(tx: Tx, drafts: Sequence[UserDraft], *, pointers: Sequence[str] | None = None) -> list[int]:
    """Let people in, with their roles, teams and skills; return their ids. All or nothing.

    A password is hashed here, on a thread. Refused: a login that is taken, an unknown role or team.
    """
    require(tx.actor, "admin")
    where = pointers if pointers is not None else [""] if len(drafts) == 1 else [f"/{n}" for n in range(len(drafts))]
    taken = await store.user_ids(tx, [draft.login for draft in drafts])
    problems = await _membership_problems(tx, list(zip(drafts, where, strict=True)))
    seen: set[str] = set()
    for draft, pointer in zip(drafts, where, strict=True):
        if draft.login in taken or draft.login in seen:
            message = f"Somebody logs in as {draft.login} already; give another e-mail address."
            problems.append(Problem("login_taken", message, f"{pointer}/login"))
        seen.add(draft.login)
        if draft.password is not None:
            weak = passwords.password_problem(draft.password, login=draft.login, pointer=f"{pointer}/password")
            problems += [weak] if weak else []
    refuse_if_any(problems)

    rows = [
        {
            **_own_fields(draft),
            "login": draft.login,
            "password_hash": await passwords.hash_password(draft.password) if draft.password is not None else None,
        }
        for draft in drafts
    ]
    user_ids = await store.insert_users(tx, rows)
    await _write_memberships(tx, list(zip(user_ids, drafts, strict=True)))
    tx.emit(
        UserCreated(Subject("user", user_id, draft.login), after=_told(draft))
        for user_id, draft in zip(user_ids, drafts, strict=True)
    )
    return user_ids


def _own_fields(edit: UserEdit) -> dict[str, object]:
    return {name: getattr(edit, name) for name in ("name", "is_active", "time_zone", "locale")}


def _told(edit: UserEdit) -> dict[str, object]:
    memberships = {name: sorted(set(getattr(edit, name))) for name in ("roles", "teams", "skills")}
    return {**_own_fields(edit), **memberships}


async def _membership_problems(tx: Tx, edits: Sequence[tuple[UserEdit, str]]) -> list[Problem]:
    roles = await store.roles(tx, [code for edit, _ in edits for code in edit.roles])
    teams = await store.teams(tx, [name for edit, _ in edits for name in edit.teams])
    return [
        *(
            Problem("role_unknown", f"There is no role “{code}”; give the code of one.", f"{pointer}/roles/{n}")
            for edit, pointer in edits
            for n, code in enumerate(edit.roles)
            if code not in roles
        ),
        *(
            Problem("team_unknown", f"There is no team “{name}”; add it first.", f"{pointer}/teams/{n}")
            for edit, pointer in edits
            for n, name in enumerate(edit.teams)
            if name not in teams
        ),
    ]


async def _write_memberships(tx: Tx, edits: Sequence[tuple[int, UserEdit]]) -> None:
    user_ids = [user_id for user_id, _ in edits]
    await store.set_roles(tx, user_ids, [(user_id, code) for user_id, edit in edits for code in set(edit.roles)])
    await store.set_teams_of_users(
        tx, user_ids, [(user_id, name) for user_id, edit in edits for name in set(edit.teams)]
    )
    await store.set_skills(tx, user_ids, [(user_id, name) for user_id, edit in edits for name in set(edit.skills)])


async def update_user(tx: Tx, user_id: int, edit: UserEdit, *, version: int | None = None) -> None:
    """Give a user these fields, roles, teams and skills as a whole.

    Who becomes inactive is logged out everywhere and their keys stop. The last administrator stays one.
    """
    require(tx.actor, "admin")
    users = await store.lock_users(tx, [user_id])
    if not users:
        raise NotFound([Problem("user_unknown", "There is no such user.")])
    user = users[0]
    if version is not None and version != user.version:
        message = "Somebody changed this user since you opened the page; load it again and repeat your change."
        raise Stale([Problem("user_stale", message)])
    refuse_if_any(await _membership_problems(tx, [(edit, "")]))
    before, after = rules.differences(
        {name: getattr(user, name) for name in _told(edit)},
        _told(edit),
    )
    if not after:
        return

    await store.update_user(tx, user_id, _own_fields(edit))
    await _write_memberships(tx, [(user_id, edit)])
    await _refuse_no_administrator(tx, "is_active" if not edit.is_active else "roles")
    tx.emit(UserChanged(Subject("user", user_id, user.login), before=before, after=after))
    if not edit.is_active:
        ended = await access.revoke_sessions(tx, user_id)
        if ended:
            tx.emit(SessionsRevoked(Subject("user", user_id, user.login), session_ids=tuple(ended)))


async def _refuse_no_administrator(tx: Tx, field: str) -> None:
    if tx.actor.user_id is not None and await store.count_administrators(tx) == 0:
        refuse(
            "administrator_last",
            "Nobody could administer Orderloom then; make another administrator first.",
            f"/{field}",
        )


async def save_teams(tx: Tx, drafts: Sequence[TeamDraft]) -> dict[str, int]:
    """Add teams, or make those of the same name so; return their ids. What they see follows at once."""
    require(tx.actor, "admin")
    users = await store.user_ids(tx, [login for draft in drafts for login in (*draft.members, *draft.leads)])
    known = await accounts.find(tx, [cover.account for draft in drafts for cover in draft.covers])
    territories = await coverage.territory_ids(tx, [name for draft in drafts for name in draft.territories])
    refuse_if_any(
        [
            *_double_names([draft.name for draft in drafts]),
            *_unknown("user", [(d.members, f"/{n}/members") for n, d in enumerate(drafts)], users),
            *_unknown("user", [(d.leads, f"/{n}/leads") for n, d in enumerate(drafts)], users),
            *_unknown(
                "account", [([c.account for c in d.covers], f"/{n}/covers") for n, d in enumerate(drafts)], known
            ),
            *_unknown("territory", [(d.territories, f"/{n}/territories") for n, d in enumerate(drafts)], territories),
        ]
    )
    names = [draft.name for draft in drafts]
    before = await store.teams(tx, names)
    await coverage.hold_accounts(tx)
    await store.save_teams(tx, [{"name": draft.name, "is_active": draft.is_active} for draft in drafts])
    ids = {name: team.id for name, team in (await store.teams(tx, names)).items()}
    await store.set_members(tx, list(ids.values()), _member_rows(drafts, ids, users))
    await coverage.set_covers(
        tx,
        list(ids.values()),
        [
            {"team_id": ids[draft.name], "account_id": account_id, "with_subtree": with_subtree}
            for draft in drafts
            for account_id, with_subtree in {known[c.account].id: c.with_subtree for c in draft.covers}.items()
        ],
    )
    await coverage.set_territories_of_teams(
        tx,
        list(ids.values()),
        [
            {"team_id": ids[draft.name], "territory_id": territories[name]}
            for draft in drafts
            for name in set(draft.territories)
        ],
    )
    await coverage.refresh_teams(tx, list(ids.values()))
    for name, team in (await store.teams(tx, names)).items():
        old, new = rules.differences(asdict(before[name]) if name in before else {}, asdict(team))
        if new:
            tx.emit(TeamSaved(Subject("team", team.id, name), before=old, after=new))
    return ids


def _member_rows(
    drafts: Sequence[TeamDraft], ids: Mapping[str, int], users: Mapping[str, int]
) -> list[dict[str, object]]:
    return [
        {"team_id": ids[draft.name], "user_id": users[login], "is_lead": login in draft.leads}
        for draft in drafts
        for login in {*draft.members, *draft.leads}
    ]


def _unknown(what: str, references: Iterable[tuple[Sequence[str], str]], known: Mapping[str, object]) -> list[Problem]:
    return [
        Problem(
            f"{what}_unknown", f"There is no {what} “{reference}”; check the spelling or add it first.", f"{at}/{n}"
        )
        for listed, at in references
        for n, reference in enumerate(listed)
        if reference not in known
    ]


def _double_names(names: Sequence[str], field: str = "name") -> list[Problem]:
    return [
        Problem("name_double", f"“{name}” stands twice; keep one.", f"/{n}/{field}")
        for n, name in enumerate(names)
        if name in names[:n]
    ]


async def save_territories(tx: Tx, drafts: Sequence[TerritoryDraft]) -> dict[str, int]:
    """Add territories, or give those of the same name these rules; return their ids. What teams see follows at once."""
    require(tx.actor, "admin")
    known = await accounts.find(tx, [rule.account for draft in drafts for rule in draft.rules if rule.account])
    problems = _double_names([draft.name for draft in drafts])
    for n, draft in enumerate(drafts):
        for m, rule in enumerate(draft.rules):
            if rule.account is not None and rule.account not in known:
                message = f"There is no account “{rule.account}”; check the number."
                problems.append(Problem("account_unknown", message, f"/{n}/rules/{m}/account"))
            if rule.country is None and rule.segment is None and rule.account is None:
                message = "A rule needs a country, a segment or an account; without one it would mean everybody."
                problems.append(Problem("rule_empty", message, f"/{n}/rules/{m}"))
    refuse_if_any(problems)

    await coverage.hold_accounts(tx)
    ids = await coverage.save_territories(tx, [draft.name for draft in drafts])
    await coverage.set_rules(
        tx,
        list(ids.values()),
        [
            {
                "territory_id": ids[draft.name],
                "country": rule.country,
                "segment": rule.segment,
                "account_id": known[rule.account].id if rule.account else None,
            }
            for draft in drafts
            for rule in draft.rules
        ],
    )
    await coverage.refresh_teams(tx, await coverage.teams_of_territories(tx, list(ids.values())))
    tx.emit(
        TerritorySaved(Subject("territory", ids[draft.name], draft.name), before={}, after=asdict(draft))
        for draft in drafts
    )
    return ids


async def save_roles(tx: Tx, drafts: Sequence[RoleDraft]) -> dict[str, int]:
    """Add roles, or make those of the same code so; return their ids. Whoever has one has its rights at once."""
    require(tx.actor, "admin")
    problems = _double_names([draft.code for draft in drafts], "code")
    for n, draft in enumerate(drafts):
        for permission in unknown_permissions(draft.permissions):
            message = f"There is no permission “{permission}”; choose from the list."
            place = draft.permissions.index(permission)
            problems.append(Problem("permission_unknown", message, f"/{n}/permissions/{place}"))
    refuse_if_any(problems)

    codes = [draft.code for draft in drafts]
    before = await store.roles(tx, codes)
    await store.save_roles(tx, [asdict(draft) for draft in drafts])
    await _refuse_no_administrator(tx, "permissions")
    after = await store.roles(tx, codes)
    for code, role in after.items():
        old, new = rules.differences(asdict(before[code]) if code in before else {}, asdict(role))
        if new:
            tx.emit(RoleSaved(Subject("role", role.id, code), before=old, after=new))
    return {code: role.id for code, role in after.items()}


async def save_legal_entities(tx: Tx, drafts: Sequence[LegalEntityDraft]) -> list[int]:
    """Add our companies, or make those of the same code so; return their ids."""
    require(tx.actor, "admin")
    problems = _double_names([draft.code for draft in drafts], "code")
    for n, draft in enumerate(drafts):
        problems += address_problems(draft.address, f"/{n}/address")
        if not is_currency(draft.currency):
            message = f"“{draft.currency}” is not a currency in use; give its three-letter ISO 4217 code."
            problems.append(Problem("currency_unknown", message, f"/{n}/currency"))
        if draft.tax_id:
            wrong = tax_id_problem(draft.tax_id, draft.address.country, f"/{n}/tax_id")
            problems += [wrong] if wrong else []
    refuse_if_any(problems)

    codes = [draft.code for draft in drafts]
    before = {entity.code: asdict(entity) for entity in await list_legal_entities(tx, codes)}
    ids = await store.save_legal_entities(
        tx,
        [
            {
                **asdict(draft),
                "address": asdict(normalised(draft.address)),
                "tax_id": compacted_tax_id(draft.tax_id, draft.address.country) if draft.tax_id else None,
            }
            for draft in drafts
        ],
    )
    for entity in await list_legal_entities(tx, codes):
        old, new = rules.differences(before.get(entity.code, {}), asdict(entity))
        if new:
            tx.emit(LegalEntitySaved(Subject("legal_entity", entity.id, entity.code), before=old, after=new))
    return ids
