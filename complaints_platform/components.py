"""The Dagster components behind every ``defs.yaml``: through them ``dg check yaml`` names the line of any mistake.

They make no assets: ``definitions`` makes those of all contracts, wherever the folder of contracts lies.
"""

from dataclasses import dataclass
from typing import ClassVar, Self

import dagster as dg
from pydantic import BaseModel

from complaints_platform.sources.contract import CustomersContract, SourceContract


@dataclass
class _Contract(dg.Component):
    """A source contract; the folder that holds the ``defs.yaml`` gives the source its name."""

    model: ClassVar[type[BaseModel]]

    @classmethod
    def get_model_cls(cls) -> type[BaseModel]:
        """Return the contract's own model."""
        return cls.model

    @classmethod
    def load(cls, attributes: BaseModel | None, context: dg.ComponentLoadContext) -> Self:
        """Accept attributes that are valid."""
        if not isinstance(attributes, cls.model):
            raise TypeError(f"{context.path}: attributes are missing")
        return cls()

    def build_defs(self, context: dg.ComponentLoadContext) -> dg.Definitions:
        """Return nothing."""
        del context
        return dg.Definitions()


class ComplaintSource(_Contract):
    """One source of complaints: its channel, file format, encoding, times and fields."""

    model = SourceContract


class CustomerSource(_Contract):
    """One source of reference data: who the customers are, under which names, since when."""

    model = CustomersContract
