"""The Dagster components behind every ``defs.yaml``: a source contract becomes an asset.

The one module outside ``defs`` that knows Dagster. What the asset does stands in
``defs.raw``; what a contract may say stands in ``contract``.
"""

from dataclasses import dataclass
from typing import Self

import dagster as dg
from pydantic import BaseModel

from complaints_platform.sources.contract import CustomersContract, SourceContract


@dataclass
class ComplaintSource(dg.Component):
    """One source of complaints: its channel, file format, encoding, times and fields.

    The folder that holds the ``defs.yaml`` gives the source its name.
    """

    contract: SourceContract

    @classmethod
    def get_model_cls(cls) -> type[BaseModel]:
        """Return the contract's own model, so that ``dg check yaml`` names the line of any mistake."""
        return SourceContract

    @classmethod
    def load(cls, attributes: BaseModel | None, context: dg.ComponentLoadContext) -> Self:
        """Take the validated attributes as they are."""
        if not isinstance(attributes, SourceContract):
            raise TypeError(f"{context.path}: attributes are missing")
        return cls(attributes)

    def build_defs(self, context: dg.ComponentLoadContext) -> dg.Definitions:
        """Return the raw asset of this source."""
        from complaints_platform.defs.raw import raw_asset
        from complaints_platform.settings import load_settings

        return dg.Definitions(assets=[raw_asset(context.path.name, self.contract, load_settings())])


@dataclass
class CustomerSource(dg.Component):
    """One source of reference data: who the customers are, under which names, since when.

    The folder that holds the ``defs.yaml`` gives the source its name.
    """

    contract: CustomersContract

    @classmethod
    def get_model_cls(cls) -> type[BaseModel]:
        """Return the contract's own model, so that ``dg check yaml`` names the line of any mistake."""
        return CustomersContract

    @classmethod
    def load(cls, attributes: BaseModel | None, context: dg.ComponentLoadContext) -> Self:
        """Take the validated attributes as they are."""
        if not isinstance(attributes, CustomersContract):
            raise TypeError(f"{context.path}: attributes are missing")
        return cls(attributes)

    def build_defs(self, context: dg.ComponentLoadContext) -> dg.Definitions:
        """Return the reference asset of this source."""
        from complaints_platform.defs.reference import reference_asset
        from complaints_platform.settings import load_settings

        return dg.Definitions(assets=[reference_asset(context.path.name, self.contract, load_settings())])
