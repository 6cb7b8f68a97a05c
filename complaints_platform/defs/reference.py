"""The reference assets, one a source of customers: what collect has hashed, and since when it holds."""

from typing import Any

import dagster as dg
import polars as pl

from complaints_platform.defs.frames import table_schema
from complaints_platform.defs.previews import preview
from complaints_platform.defs.raw import KINDS, freshness_of
from complaints_platform.instance.names import RAW_POOL
from complaints_platform.lake import Lake
from complaints_platform.platform import Platform
from complaints_platform.schemas import KnownCustomer
from complaints_platform.sources.contract import CustomersContract

FILES_SHOWN = 50


def reference_asset(name: str, contract: CustomersContract, platform: Platform) -> dg.AssetsDefinition:
    """Return the asset ``reference/<name>`` of a source of customers."""

    @dg.asset(
        key=["reference", name],
        description=(
            f"{contract.description}\n\n"
            "Which account, region, product and segment a customer has under each of their names, since when. "
            "Collect writes it; materialising it reads what was read by an older contract, data key or table of "
            "regions again. Holds keyed hashes, no personal data."
        ),
        group_name="sources",
        owners=[contract.owner],
        pool=RAW_POOL,
        freshness_policy=freshness_of(contract.cadence),
        kinds={KINDS[contract.format.type], "polars"},
        tags={"complaints/cadence": contract.cadence},
        code_version=contract.fingerprint,
        metadata={
            "dagster/column_schema": table_schema(KnownCustomer),
            "dagster/uri": f"{platform.settings.lake}/reference/{name}",
        },
    )
    def reference(context: dg.AssetExecutionContext) -> None:
        for done in platform.customers_collectors()[name].refresh():
            context.log.info(done.describe())
        context.add_output_metadata(reference_metadata(platform.lake, name))

    return reference


def reference_metadata(lake: Lake, name: str) -> dict[str, Any]:
    """Return what the catalogue shows of a source of customers."""
    rows = [
        (got.file_name, got.received_at.date(), got.filtered, got.quarantined, file.valid_from)
        for file in reversed(lake.reference.files(name))
        for got in [file.receipt]
    ]
    columns = ["file", "received", "customers", "quarantined", "holds from"]
    files = pl.DataFrame(rows, schema=columns, orient="row")
    return {
        "files_that_changed_something": files.height,
        "customers_in_the_newest": rows[0][2] if rows else 0,
        "files": dg.MetadataValue.md(preview(files.head(FILES_SHOWN))),
    }
