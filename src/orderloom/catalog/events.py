"""Facts about catalogues; the subject of each is the version."""

from __future__ import annotations

from dataclasses import dataclass

from orderloom.base.events import Event


@dataclass(frozen=True, slots=True)
class CatalogueImported(Event):
    """New content became a version, effective from a moment on."""

    catalogue: str
    before: int | None
    after: int
    effective_from: str
    product_count: int


@dataclass(frozen=True, slots=True)
class CatalogueRetired(Event):
    """A version is no longer offered; orders that are pinned to it keep it."""

    catalogue: str
    before: str
    reason: str


@dataclass(frozen=True, slots=True)
class PricesChanged(Event):
    """A product's standard prices changed: the ones that were taken out, and the ones that were put in."""

    before: tuple[dict[str, object], ...]
    after: tuple[dict[str, object], ...]


@dataclass(frozen=True, slots=True)
class PriceRulePublished(Event):
    """A version of something that decides prices was published, or withdrew the one before."""

    kind: str
    before: int | None
    after: int
    is_withdrawn: bool
