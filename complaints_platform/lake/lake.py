"""The lake as one object: what assets, commands and services hold to reach stored data."""

from complaints_platform.lake import layout
from complaints_platform.lake.arrivals import Arrivals
from complaints_platform.lake.audit import Audit
from complaints_platform.lake.key_index import KeyIndex
from complaints_platform.lake.keys import DataKeys
from complaints_platform.lake.labels import CORRECTION_COLUMNS, LABEL_COLUMNS, SignedRows
from complaints_platform.lake.manifests import Manifests
from complaints_platform.lake.models import Models
from complaints_platform.lake.originals import Originals
from complaints_platform.lake.profiles import Profiles
from complaints_platform.lake.quarantine import QuarantineFiles
from complaints_platform.lake.receipts import Receipts
from complaints_platform.lake.reference import Reference
from complaints_platform.lake.reports import Reports
from complaints_platform.lake.segments import Segments
from complaints_platform.lake.store import Store, open_store
from complaints_platform.lake.tables import Table
from complaints_platform.schemas import DataSet
from complaints_platform.schemas.model import polars_schema


class Lake:
    """Everything stored under one root URI. Holds no state but the URI."""

    def __init__(self, uri: str) -> None:
        self.store: Store = open_store(uri)
        self.receipts = Receipts(self.store)
        self.originals = Originals(self.store)
        self.arrivals = Arrivals(self.store)
        self.quarantine = QuarantineFiles(self.store)
        self.key_index = KeyIndex(self.store, self.receipts)
        self.reference = Reference(self.store, self.receipts)
        self.keys = DataKeys(self.store)
        self.models = Models(self.store)
        self.profiles = Profiles(self.store)
        self.manifests = Manifests(self.store)
        self.labels = SignedRows(self.store, layout.LABELS, LABEL_COLUMNS)
        self.corrections = SignedRows(self.store, layout.CORRECTIONS, CORRECTION_COLUMNS)
        self.audit = Audit(self.store)
        self.reports = Reports(self.store)
        self.segments = Segments(self.store, self.receipts, self.key_index)

    def table(self, schema: str, name: str, model: type[DataSet]) -> Table:
        """Return the table of one data set, named as its asset is (``schema/name``)."""
        return Table(self.store, layout.table(schema, name), polars_schema(model))
