"""The documentation: its links lead somewhere, it names what is there, and its examples run."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import fields
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from orderloom.base.events import type_name
from orderloom.base.parsing import parse_json
from orderloom.base.transaction import Database, transaction
from orderloom.base.types import SYSTEM
from orderloom.catalog.shape import CATALOGUE
from orderloom.cli.main import main
from orderloom.cli.verify import invariants
from orderloom.fulfilment.effects import EFFECTS
from orderloom.fulfilment.files import read_folder
from orderloom.fulfilment.simulate import as_json, simulate
from orderloom.gateway.signatures import signed_headers
from orderloom.gateway.types import PartnerDraft, WebhookDraft
from orderloom.house import ENTRANCES, build_house, rooms
from orderloom.orders import states as order_states
from orderloom.orders.types import ItemDraft, OrderDraft
from orderloom.parties.commands import actor_of_key, create_users
from orderloom.parties.customer_rows import COLUMNS
from orderloom.parties.policy import PERMISSIONS
from orderloom.parties.types import UserDraft
from orderloom.partner_simulator.behaviour import Behaviour, manner_of
from orderloom.quotes import states as quote_states
from orderloom.web.app import gather_routes

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted(DOCS.rglob("*.md"))]
ROOM_PAGES = sorted((DOCS / "rooms").glob("*.md"))
LARGEST_PICTURE_BYTES = 300_000
# Hosts of registries and places of one machine; spelled so that this file does not name them either.
FOREIGN = re.compile(
    r"(?<![\w.)])/(?:work|root|home|tmp)/"
    + r"|\b(?:py"
    + r"pi|npm"
    + r"js)\.(?:org|com)|pythonhosted"
    + r"|\bregistry\.",
    re.I,
)


def name_of(page: Path) -> str:
    return str(page.relative_to(ROOT))


def blocks(page: Path, language: str) -> list[str]:
    """The fenced blocks of a page in one language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", page.read_text(), re.S | re.M)


def code_of(page: Path) -> str:
    """Everything that a page sets as code."""
    text = page.read_text()
    fenced = re.findall(r"^```\w*\n(.*?)^```$", text, re.S | re.M)
    return "\n".join([*fenced, *re.findall(r"`([^`\n]+)`", re.sub(r"^```.*?^```$", "", text, flags=re.S | re.M))])


def anchors(page: Path) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", page.read_text(), re.M)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_link_leads_somewhere(page: Path) -> None:
    text = re.sub(r"^```.*?^```$", "", page.read_text(), flags=re.S | re.M)
    broken = []
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if target.startswith("https://"):
            continue
        path, _, anchor = target.partition("#")
        led = (page.parent / path).resolve() if path else page
        if not led.exists() or (anchor and anchor not in anchors(led)):
            broken.append(target)
    assert broken == []


@pytest.mark.parametrize("page", [*PAGES, ROOT / "Makefile", ROOT / "demo" / "README.md"], ids=name_of)
def test_no_page_names_a_registry_or_a_place_of_one_machine(page: Path) -> None:
    assert FOREIGN.findall(page.read_text()) == []


def test_every_room_has_a_page_and_the_index_names_it() -> None:
    wanted = {*rooms(), *ENTRANCES} - {"migrations", "house"}
    index = (DOCS / "index.md").read_text()

    assert {page.stem for page in ROOM_PAGES} == wanted
    assert [room for room in wanted if f"](rooms/{room}.md)" not in index] == []


def test_every_page_is_reached_from_the_index_or_the_readme() -> None:
    linked = {(page.parent / target.split("#")[0]).resolve() for page in PAGES for target in _targets(page)}

    assert [name_of(page) for page in PAGES[1:] if page.resolve() not in linked] == []


def _targets(page: Path) -> list[str]:
    return [target for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text()) if "://" not in target]


def test_pictures_are_there_and_small() -> None:
    pictures = sorted((DOCS / "images").glob("*.png"))

    assert DOCS / "images" / "order.png" in pictures
    assert [name_of(picture) for picture in pictures if picture.stat().st_size > LARGEST_PICTURE_BYTES] == []


# -- names of the program


def help_of(capsys: pytest.CaptureFixture[str], *verb: str) -> str:
    with pytest.raises(SystemExit):
        main([*verb, "--help"])
    return capsys.readouterr().out


def test_verbs_and_options_exist(capsys: pytest.CaptureFixture[str]) -> None:
    verbs = re.findall(r"^    (\S+)", help_of(capsys), re.M)
    unknown = []
    for page in PAGES:
        for verb, rest in re.findall(r"\borderloom ([a-z][a-z-]+)([^\n`]*)", code_of(page)):
            if verb not in verbs:
                unknown.append(f"{name_of(page)}: orderloom {verb}")
                continue
            if verb == "partner-simulator":
                continue
            known = help_of(capsys, verb)
            unknown += [f"{name_of(page)}: {verb} {o}" for o in re.findall(r"--[a-z-]+", rest) if o not in known]
    assert unknown == []


def test_verbs_of_make_exist() -> None:
    verbs = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.M))
    named = {verb for page in PAGES for verb in re.findall(r"\bmake ([a-z-]+)", code_of(page))}

    assert named - verbs == set()


def test_every_setting_of_the_environment_is_told() -> None:
    told = (DOCS / "how-to" / "operate.md").read_text()
    read = {
        name
        for file in (ROOT / "src").rglob("*.py")
        for name in re.findall(r"environ(?:\.get\(|\[)\"(ORDERLOOM_\w+)\"", file.read_text())
    }

    assert {name for name in read if name not in told} == set()


def test_routes_and_rights_exist() -> None:
    routes = {f"{route.method} {re.sub(r':[a-z]+}', '}', route.path)}" for route in gather_routes()}
    paths = {route.split(" ")[1] for route in routes}
    unknown = []
    for page in PAGES:
        text = code_of(page)
        for method, path in re.findall(r"\b(GET|POST|PUT|PATCH|DELETE) (/api/[^\s?`\"]+)", text):
            if not any(_fits(route, f"{method} {path}") for route in routes):
                unknown.append(f"{name_of(page)}: {method} {path}")
        for path in re.findall(r"(?<![\w/])(/(?:api|health|metrics|live)[a-z/.]*)(?=[\s`]|$)", text):
            if path.rstrip("/") not in {"/api", *paths}:
                unknown.append(f"{name_of(page)}: {path}")
    for page in ROOM_PAGES:
        for right in re.findall(r"^\| `[A-Z]+ /api[^|]+\| `([a-z.]+)` \|", page.read_text(), re.M):
            if right not in PERMISSIONS:
                unknown.append(f"{name_of(page)}: {right}")
    assert unknown == []


def _fits(route: str, named: str) -> bool:
    pattern = re.escape(route).replace(r"\{", "{").replace(r"\}", "}")
    return re.fullmatch(re.sub(r"\{\w+\}", r"[^/]+", pattern), named) is not None


@pytest.mark.parametrize("page", [page for page in ROOM_PAGES if page.stem in rooms()], ids=name_of)
def test_a_room_has_the_commands_events_and_invariants_that_its_page_lists(page: Path) -> None:
    text = page.read_text()
    commands = re.findall(r"^\| `(\w+)` \|", _section(text, "Commands"), re.M)
    events = re.findall(r"^\| `([\w.]+)` \|", _section(text, "Events"), re.M)
    listed = re.findall(r"^- (.+)$", _section(text, "Invariants"), re.M)
    source = "\n".join(file.read_text() for file in (ROOT / "src" / "orderloom" / page.stem).rglob("*.py"))

    assert [name for name in commands if f"async def {name}(" not in source] == []
    assert set(events) <= {type_name(event) for event in build_house().events.values()}
    assert set(listed) <= {invariant.name for room, invariant in invariants() if room == page.stem}


def _section(text: str, title: str) -> str:
    return (re.findall(rf"^## {title}\n(.*?)(?=^## |\Z)", text, re.S | re.M) or [""])[0]


@pytest.mark.parametrize("page", [page for page in ROOM_PAGES if page.stem in rooms()], ids=name_of)
def test_the_tables_of_a_page_are_the_tables_of_its_schema(page: Path) -> None:
    migrations = "\n".join(file.read_text() for file in (ROOT / "src/orderloom/migrations").glob("0*.sql"))
    made: set[str] = set()
    for verb, table in re.findall(rf"^(CREATE|DROP) TABLE ({page.stem}\.\w+)(?: \(|;)", migrations, re.M):
        made = made | {table} if verb == "CREATE" else made - {table}
    made |= {"base.migration"} if page.stem == "base" else set()

    assert set(re.findall(r"^\| `([\w.]+)` \|", _section(page.read_text(), "Tables"), re.M)) == made


# -- diagrams


def drawn(room: str) -> list[set[tuple[str, str]]]:
    """The arrows of each diagram of a room's page, without the start."""
    return [
        set(re.findall(r"^    (\w+) --> (\w+)", diagram, re.M))
        for diagram in blocks(DOCS / "rooms" / f"{room}.md", "mermaid")
    ]


def arrows(table: Mapping[str, Iterable[str]]) -> set[tuple[str, str]]:
    return {(before, after) for before, following in table.items() for after in following}


@pytest.mark.parametrize(
    ("room", "tables"),
    [
        ("stock", ["RESERVATION", "SHIPMENT", "PURCHASE_ORDER", "PICK_LIST"]),
        ("billing", ["TRIGGER", "CHARGE", "SUBSCRIPTION"]),
        ("assets", ["ASSET", "REALIZATION"]),
        ("messages", ["DELIVERY"]),
    ],
)
def test_diagrams_are_drawn_from_the_tables_of_states(room: str, tables: list[str]) -> None:
    states = import_module(f"orderloom.{room}.states")

    assert sorted(map(sorted, drawn(room))) == sorted(sorted(arrows(getattr(states, table))) for table in tables)


def test_the_diagram_of_orders_is_its_table() -> None:
    assert drawn("orders") == [set(order_states.EDGES)]


def test_the_diagram_of_quotes_is_its_table() -> None:
    assert drawn("quotes") == [set(quote_states.EDGES)]


def test_the_diagram_of_catalogue_versions_is_its_table() -> None:
    from orderloom.catalog.states import MOVES

    assert drawn("catalog") == [{(before, move.after) for move in MOVES for before in move.before}]


def test_the_diagram_of_calls_has_every_verb() -> None:
    from orderloom.gateway.states import MOVES

    [shown] = drawn("gateway")
    assert {(str(old), str(move.new)) for move in MOVES.values() for old in move.old} <= shown
    assert {before for before, after in shown - {(str(o), str(m.new)) for m in MOVES.values() for o in m.old}} == {
        "sending"
    }


def test_the_table_of_step_moves_is_that_of_the_engine() -> None:
    from orderloom.processes.states import MOVES

    rows = re.findall(r"^\| (\w+) \| ([\w, ]+) \| (\w+) \|$", (DOCS / "rooms" / "processes.md").read_text(), re.M)
    shown = {verb: (set(old.split(", ")), new) for verb, old, new in rows if verb in MOVES}

    assert shown == {verb: ({str(state) for state in old}, str(new)) for verb, (old, new) in MOVES.items()}


# -- examples


@pytest.fixture
def coffee(tmp_path: Path) -> Path:
    """The folder that the page about catalogues has its reader write."""
    catalogue = blocks(DOCS / "how-to" / "write-a-catalogue.md", "yaml")[0]
    (tmp_path / "office-coffee.yaml").write_text(catalogue)
    return tmp_path


def coffee_order() -> OrderDraft:
    return parse_json(OrderDraft, blocks(DOCS / "how-to" / "write-a-catalogue.md", "json")[0])


def test_the_example_catalogue_plans_its_order(coffee: Path) -> None:
    folder = read_folder(coffee)
    plan = as_json(simulate(folder.catalogues[0], coffee_order(), folder.facts, folder.stock))

    assert [thing["label"] for thing in plan["fulfilment_items"]] == [
        "Delivery(CM-120)", "WaterSupply", "TelemetryAccount", "Visit(set up)"
    ]  # fmt: skip
    assert (len(plan["steps"]), len(plan["dependencies"]), len(plan["billing"]["charges"])) == (12, 15, 2)
    assert (plan["holds"], plan["warnings"]) == ([], [])


def test_the_example_facts_decide_what_they_are_said_to(coffee: Path) -> None:
    (coffee / "facts").mkdir()
    (coffee / "facts" / "facts.yaml").write_text(blocks(DOCS / "how-to" / "write-a-catalogue.md", "yaml")[1])
    folder = read_folder(coffee)
    plan = as_json(simulate(folder.catalogues[0], coffee_order(), folder.facts, folder.stock))

    assert [step["name"] for step in plan["steps"] if step["skipped"]] == ["Fit a pressure regulator"]


def test_a_mistake_in_the_example_is_told_as_the_page_says(coffee: Path, capsys: pytest.CaptureFixture[str]) -> None:
    page = (DOCS / "how-to" / "write-a-catalogue.md").read_text()
    file = coffee / "office-coffee.yaml"
    file.write_text(file.read_text().replace("make: TelemetryAccount,", "make: TelemetryAcount,"))
    order = coffee.with_name("order.json")
    order.write_text(blocks(DOCS / "how-to" / "write-a-catalogue.md", "json")[0])

    assert main(["simulate", str(order), "--catalog", str(coffee)]) == 2
    for line in capsys.readouterr().err.strip().splitlines():
        assert line.replace(f"{coffee}/", "coffee/") in page


def test_the_pages_name_every_field_of_a_catalogue_and_every_kind_of_step() -> None:
    told = code_of(DOCS / "how-to" / "write-a-catalogue.md")
    schema = json.dumps(CATALOGUE.schema())
    names = set(re.findall(r'"(\w+)": \{"(?:type|anyOf|enum|items|additionalProperties)', schema))
    kinds = {*build_house().step_kinds, *EFFECTS}

    missing = {name for name in names if not re.search(rf"\b{name}\b", told)}
    assert (
        missing
        - {"valid_from", "valid_until", "description", "decimals", "properties", "items", "additionalProperties"}
        == set()
    )
    assert {kind for kind in kinds if kind not in told} == set()


def test_the_example_order_parses_and_every_field_of_an_order_is_told() -> None:
    page = DOCS / "how-to" / "import-data.md"
    told = code_of(page)
    parse_json(OrderDraft, blocks(page, "json")[0])
    names = [field.name for kind in (OrderDraft, ItemDraft) for field in fields(kind)]

    assert [name for name in names if not re.search(rf"\b{name}\b", told)] == []
    assert [column for column in COLUMNS if not re.search(rf"\b{column}\b", told)] == []


def test_the_examples_of_the_wire_are_what_the_gateway_reads() -> None:
    page = DOCS / "how-to" / "connect-a-partner.md"
    read = [json.loads(block) for block in blocks(page, "json")]
    partner, webhook = (next(each for each in read if name in each) for name in ("endpoint", "url"))

    defaults = PartnerDraft(partner["code"], partner["name"], partner["endpoint"])
    assert parse_json(PartnerDraft, json.dumps(partner)) == defaults
    known = {type_name(event) for event in build_house().events.values()}
    assert set(parse_json(WebhookDraft, json.dumps(webhook)).event_types) <= known


def test_the_example_signature_is_ours() -> None:
    space: dict[str, Any] = {}
    exec(blocks(DOCS / "how-to" / "connect-a-partner.md", "python")[0], space)
    secret = "whsec_" + "c2VjcmV0" * 5 + "cw=="
    ours = signed_headers([secret], message_id="m-1", timestamp=1_795_420_800, body=b"{}")

    assert space["signature"](secret, "m-1", 1_795_420_800, b"{}") == ours["webhook-signature"]


def test_the_example_behaviour_is_what_the_simulator_reads() -> None:
    behaviour = parse_json(Behaviour, blocks(DOCS / "rooms" / "partner_simulator.md", "json")[0])

    for rule in behaviour.rules:
        manner_of(rule, behaviour.defaults)


async def test_the_first_user_script_lets_somebody_in(database: Database) -> None:
    space: dict[str, Any] = {"__name__": "example"}
    exec(blocks(DOCS / "how-to" / "operate.md", "python")[0], space)
    async with transaction(database, SYSTEM) as tx:
        await create_users(tx, [UserDraft("You", login="you@example.com", roles=("admin",))])
    key = await space["set_up"](database.url)

    async with transaction(database, SYSTEM) as tx:
        actor = await actor_of_key(tx, key)
    assert actor is not None
    assert actor.may("orders.write")


async def test_the_example_queries_run(database: Database) -> None:
    queries = "".join(blocks(DOCS / "how-to" / "operate.md", "sql"))

    async with transaction(database, SYSTEM) as tx:
        for query in re.sub(r"--.*", "", queries).split(";"):
            if query.strip():
                await tx.all(query)  # type: ignore[call-overload]
