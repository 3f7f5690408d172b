"""Verbs of catalogues: import versions from files, retire versions."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, time

from orderloom.base.refusals import Problem, Refused, refuse, refuse_if_any
from orderloom.base.transaction import Tx
from orderloom.base.types import Subject
from orderloom.catalog.events import CatalogueImported, CatalogueRetired
from orderloom.catalog.parse import parse_catalogue
from orderloom.catalog.states import RETIRE
from orderloom.catalog.store import catalogue as store
from orderloom.catalog.text import at, canonical
from orderloom.catalog.types import Catalogue, Product

SUBJECT = "catalogue"


@dataclass(frozen=True, slots=True)
class CatalogueFile:
    """A catalogue as text; the name stands before the pointers of its problems, `.json` is read as JSON."""

    name: str
    text: str


@dataclass(frozen=True, slots=True)
class Imported:
    """What became of a file: the version that now holds its content, and whether it is new."""

    name: str
    catalogue: str
    number: int
    version_id: int
    is_new: bool


@dataclass(frozen=True, slots=True)
class _Change:
    """A file whose content is not the newest version's."""

    file: CatalogueFile
    catalogue: Catalogue
    latest: store.Latest
    version: store.NewVersion


async def import_catalogues(tx: Tx, files: Sequence[CatalogueFile]) -> list[Imported]:
    """Read catalogues and publish those whose content is new, all or none; return one result for each file.

    A version is effective from `valid_from` on (now, when it is not given or past) and ends its
    predecessor. Unchanged content is a no-op, whatever its formatting and `version`. Products, bundles
    and prices take the new description; prices that differ hold from the same moment. Refuses with
    every problem of every file, `file#/pointer`.
    """
    catalogues = _parse_all(files)
    latest = {one.code: one for one in await store.latest(tx, sorted(catalogue.code for catalogue in catalogues))}
    changes = []
    for file, catalogue in zip(files, catalogues, strict=True):
        known = latest[catalogue.code]
        content_hash = content_hash_of(catalogue)
        if content_hash != known.content_hash:
            changes.append(_Change(file, catalogue, known, _new_version(tx, file, catalogue, known, content_hash)))
    refuse_if_any(await _foreign_problems(tx, changes))

    version_ids = await _publish(tx, changes) if changes else {}
    numbers = {change.latest.code: change.version.number for change in changes}
    return [
        Imported(
            name=file.name,
            catalogue=catalogue.code,
            number=numbers.get(catalogue.code, latest[catalogue.code].number),
            version_id=version_ids.get(catalogue.code) or latest[catalogue.code].version_id or 0,
            is_new=catalogue.code in numbers,
        )
        for file, catalogue in zip(files, catalogues, strict=True)
    ]


def content_hash_of(catalogue: Catalogue) -> str:
    """The same for the same meaning: neither formatting nor the version number counts."""
    content = {name: value for name, value in catalogue.document.items() if name != "version"}
    return hashlib.sha256(canonical(content).encode()).hexdigest()


def _parse_all(files: Sequence[CatalogueFile]) -> list[Catalogue]:
    catalogues: list[Catalogue] = []
    problems: list[Problem] = []
    names: dict[str, str] = {}
    for file in files:
        try:
            catalogue = parse_catalogue(file.text, file.name)
        except Refused as refused:
            problems += refused.problems
            continue
        catalogues.append(catalogue)
        if names.setdefault(catalogue.code, file.name) != file.name:
            problems.append(
                Problem(
                    "catalogue_double",
                    f"{names[catalogue.code]} has the catalogue {catalogue.code} as well; import one of them.",
                    at(file.name, "/catalogue"),
                )
            )
    refuse_if_any(problems)
    return catalogues


def _new_version(
    tx: Tx, file: CatalogueFile, catalogue: Catalogue, known: store.Latest, content_hash: str
) -> store.NewVersion:
    number = max(known.number + 1, catalogue.version)
    starts_at = max(_midnight(catalogue.valid_from) or tx.now, tx.now)
    ends_at = _midnight(catalogue.valid_until)
    if ends_at is not None and ends_at <= starts_at:
        refuse("validity_over", "The catalogue ends before it begins; move valid_until.", at(file.name, "/valid_until"))
    return store.NewVersion(
        catalogue_id=known.catalogue_id,
        number=number,
        starts_at=starts_at,
        ends_at=ends_at,
        source=file.text,
        document={**catalogue.document, "version": number},
        content_hash=content_hash,
    )


def _midnight(day: date | None) -> datetime | None:
    return None if day is None else datetime.combine(day, time(), UTC)


async def _foreign_problems(tx: Tx, changes: Sequence[_Change]) -> list[Problem]:
    """A product belongs to one catalogue, so that a code means one thing wherever it is read."""
    owners = {change.latest.catalogue_id: change for change in changes}
    pairs = [(change.latest.catalogue_id, code) for change in changes for code in change.catalogue.products]
    problems = []
    for catalogue_id, code, owner in await store.foreign_products(tx, pairs):
        change = owners[catalogue_id]
        place = _place_of(change.catalogue, code)
        problems.append(
            Problem(
                "product_elsewhere",
                f"The product {code} belongs to the catalogue {owner}; give yours another code.",
                at(change.file.name, place),
            )
        )
    return problems + _shared_problems(changes)


def _shared_problems(changes: Sequence[_Change]) -> list[Problem]:
    """The same among the files of one import."""
    problems = []
    owners: dict[str, str] = {}
    for change in changes:
        for code in change.catalogue.products:
            owner = owners.setdefault(code, change.catalogue.code)
            if owner != change.catalogue.code:
                problems.append(
                    Problem(
                        "product_elsewhere",
                        f"The product {code} belongs to the catalogue {owner}; give yours another code.",
                        at(change.file.name, _place_of(change.catalogue, code)),
                    )
                )
    return problems


def _place_of(catalogue: Catalogue, code: str) -> str:
    entries = catalogue.document.get("products")
    if isinstance(entries, list):
        for place, entry in enumerate(entries):
            if isinstance(entry, Mapping) and entry.get("code") == code:
                return f"/products/{place}/code"
    return "/products"


async def _publish(tx: Tx, changes: Sequence[_Change]) -> dict[str, int]:
    versions = [change.version for change in changes]
    await store.end_versions(tx, versions)
    version_ids = await store.insert_versions(tx, versions)
    units = {unit.code: unit for change in changes for unit in change.catalogue.units.values()}
    await store.upsert_units(tx, [store.NewUnit(unit.code, unit.name, unit.decimals) for unit in units.values()])
    product_ids = await store.upsert_products(tx, [row for change in changes for row in _products(change)])
    await store.insert_offerings(tx, list(_offerings(changes, version_ids, product_ids)))
    await store.insert_bundles(
        tx,
        list(_groups(changes, version_ids, product_ids)),
        list(_components(changes, version_ids, product_ids)),
    )
    await _set_prices(tx, changes, product_ids)
    tx.emit(_imported(change, version_ids[change.latest.catalogue_id]) for change in changes)
    return {change.latest.code: version_ids[change.latest.catalogue_id] for change in changes}


def _products(change: _Change) -> Iterator[store.NewProduct]:
    for product in change.catalogue.products.values():
        yield store.NewProduct(
            catalogue_id=change.latest.catalogue_id,
            code=product.code,
            name=product.name,
            kind=product.kind,
            is_bundle=product.is_bundle,
            product_class=product.product_class,
            unit=product.unit,
            tracking=product.tracking,
            tax_category=product.tax_category,
            sku=product.sku,
            vendor=product.vendor,
            description=product.description,
            characteristics={name: asdict(kind) for name, kind in product.characteristics.items()},
            is_open=product.is_open,
        )


def _each(
    changes: Sequence[_Change], version_ids: Mapping[int, int], product_ids: Mapping[str, int]
) -> Iterator[tuple[Catalogue, int, int, Product]]:
    for change in changes:
        for product in change.catalogue.products.values():
            yield change.catalogue, version_ids[change.latest.catalogue_id], product_ids[product.code], product


def _offerings(
    changes: Sequence[_Change], version_ids: Mapping[int, int], product_ids: Mapping[str, int]
) -> Iterator[store.NewOffering]:
    for place, (_, version_id, product_id, product) in enumerate(_each(changes, version_ids, product_ids)):
        yield store.NewOffering(version_id, product_id, place, product.name)


def _groups(
    changes: Sequence[_Change], version_ids: Mapping[int, int], product_ids: Mapping[str, int]
) -> Iterator[store.NewGroup]:
    for _, version_id, product_id, product in _each(changes, version_ids, product_ids):
        for group in product.groups:
            yield store.NewGroup(version_id, product_id, group.code, group.minimum, group.maximum)


def _components(
    changes: Sequence[_Change], version_ids: Mapping[int, int], product_ids: Mapping[str, int]
) -> Iterator[store.NewComponent]:
    for catalogue, version_id, product_id, product in _each(changes, version_ids, product_ids):
        for place, part in enumerate(product.components):
            sold = catalogue.product(part.product)
            assert sold is not None, "the parser has checked that parts are products"
            yield store.NewComponent(
                version_id=version_id,
                bundle_id=product_id,
                position=place,
                product_id=product_ids[sold.code],
                role=part.role,
                group_code=part.group,
                minimum=part.minimum,
                maximum=part.maximum,
                quantity=part.quantity,
            )


async def _set_prices(tx: Tx, changes: Sequence[_Change], product_ids: Mapping[str, int]) -> None:
    """Set the prices of each starting moment: nearly always one, now."""
    for starts_at in sorted({change.version.starts_at for change in changes}):
        products = [
            product
            for change in changes
            if change.version.starts_at == starts_at
            for product in change.catalogue.products.values()
        ]
        prices = [
            store.NewPrice(product_ids[product.code], price.currency, price.one_time, price.recurring, price.period)
            for product in products
            for price in product.prices
        ]
        ids = [product_ids[product.code] for product in products]
        await store.end_prices(tx, prices, product_ids=ids, starts_at=starts_at)
        await store.insert_prices(tx, prices, starts_at=starts_at)


def _imported(change: _Change, version_id: int) -> CatalogueImported:
    return CatalogueImported(
        Subject(SUBJECT, version_id, f"{change.catalogue.code} v{change.version.number}"),
        catalogue=change.catalogue.code,
        before=change.latest.number or None,
        after=change.version.number,
        effective_from=change.version.starts_at.isoformat(),
        product_count=len(change.catalogue.products),
    )


async def retire_versions(tx: Tx, version_ids: Sequence[int], *, reason: str) -> list[int]:
    """Stop offering these versions; orders pinned to them keep them. Returns those that were in use."""
    retired = await store.retire(tx, version_ids, before=RETIRE.before)
    tx.emit(
        CatalogueRetired(
            Subject(SUBJECT, version.id, f"{version.catalogue} v{version.number}"),
            catalogue=version.catalogue,
            before=version.before,
            reason=reason,
        )
        for version in retired
    )
    return [version.id for version in retired]
