"""Verbs of the catalogue: import versions and prices from files, retire versions."""

from orderloom.catalog.commands.catalogues import (
    CatalogueFile,
    Imported,
    content_hash_of,
    import_catalogues,
    retire_versions,
)
from orderloom.catalog.commands.prices import (
    ImportedPrices,
    PublishedPrices,
    import_prices,
    publish_prices,
    save_tax_rates,
)

__all__ = [
    "CatalogueFile",
    "Imported",
    "ImportedPrices",
    "PublishedPrices",
    "content_hash_of",
    "import_catalogues",
    "import_prices",
    "publish_prices",
    "retire_versions",
    "save_tax_rates",
]
