"""The parts of an import put together, for whichever process runs it."""

from __future__ import annotations

from shared.importing.bom_making import BomMaking
from shared.importing.catalogue import Catalogue
from shared.importing.first_bases import ImportBases
from shared.importing.importing import Importing, Progress
from shared.mongodb.catalogue.app_records import RecordStore
from shared.mongodb.catalogue.boms import BomStore
from shared.mongodb.catalogue.import_lines import ImportLineStore
from shared.mongodb.catalogue.imports import ImportStore
from shared.mongodb.catalogue.page_imports import PageImports
from shared.mongodb.connection import Mongo
from shared.mongodb.stock.stock import StockStore
from shared.shopify.bulk.exports import Exports
from shared.shopify.calls.client import ShopifyClient
from shared.shopify.reads.reads import ShopifyReads


def importing_over(
    mongo: Mongo, calls: ShopifyClient, exports: Exports, *, boms_per_shop: int, progress: Progress
) -> Importing:
    """Over one database and one client of Shopify's."""
    imports, lines = ImportStore(mongo.db), ImportLineStore(mongo.db)
    boms = BomStore(mongo.db, mongo.transactions)
    reads = ShopifyReads(calls)
    records = RecordStore(mongo.db, mongo.transactions, boms_per_shop)
    return Importing(
        imports=imports,
        lines=lines,
        pages=PageImports(mongo.db),
        boms=boms,
        reads=reads,
        catalogue=Catalogue(imports, calls, exports),
        making=BomMaking(mongo.transactions, boms, records, imports, lines),
        basing=ImportBases(mongo.transactions, StockStore(mongo.db), imports, reads),
        progress=progress,
    )
