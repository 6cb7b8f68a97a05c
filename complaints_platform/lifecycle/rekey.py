"""Replacing the data key, for the day it leaks: what has to be carried over from the old key to the new one.

Everything hashed is rebuilt from raw, because its fingerprint names the key. What people said about single
complaints stays attached to them: complaints without a native id have a keyed one, which changes. Who runs
the days is ``defs``' business.
"""

from collections.abc import Iterator

import polars as pl

from complaints_platform.cleaning import DataKey
from complaints_platform.errors import SettingsError
from complaints_platform.freshness.publishing import publish_all
from complaints_platform.lake import Lake, layout
from complaints_platform.lake.data_sets import CLEANED, TABLES
from complaints_platform.learning.corrections import CorrectionsInForce

PLACE = ["raw_sha256", "record_number"]
"""Where a record stands in what was received: the one name of it that no key changes."""


def begin(lake: Lake, key: DataKey) -> bool:
    """Note where the corrected complaints stand, and let the new key be used; return False if that was done before.

    Raises:
        SettingsError: the key's version is not higher than the lake's, or the lake has not been used yet.
    """
    known = lake.keys.versions()
    if not known:
        raise SettingsError("this lake holds nothing that was hashed: no key has to be replaced")
    if known.get(key.version) == key.fingerprint and lake.keys.has_places(key.version):
        return False
    if key.version <= max(known):
        raise SettingsError(
            f"the new key needs a version of its own: set COMPLAINTS_DATA_KEY to the new secret and "
            f"COMPLAINTS_DATA_KEY_VERSION to {max(known) + 1} or more"
        )
    if key.fingerprint.split("-")[1] in {fingerprint.split("-")[1] for fingerprint in known.values()}:
        raise SettingsError("COMPLAINTS_DATA_KEY is one that this lake was built with before: set it to a new secret")
    lake.keys.keep_places(key.version, _places(lake))
    lake.keys.add(key.version, key.fingerprint)
    return True


def carry_corrections_over(lake: Lake, key: DataKey) -> int:
    """Give the corrections of complaints whose id has changed to their new ids; return how many there are.

    Doing it again changes nothing.
    """
    places = lake.keys.places(key.version)
    found = _at(lake, places)
    renamed = found.filter(pl.col("new_id") != pl.col("complaint_id"))
    standing = CorrectionsInForce.of(lake).frame
    carried = 0
    corrections = standing.join(renamed.select("complaint_id", "new_id", new_day="day"), on="complaint_id")
    corrections = corrections.join(standing.select(new_id="complaint_id"), on="new_id", how="anti")
    for (author, taxonomy), rows in corrections.partition_by(
        ["author", "taxonomy_version"], as_dict=True, maintain_order=True
    ).items():
        moved = rows.with_columns(complaint_id=pl.col("new_id"), day=pl.col("new_day"))
        lake.corrections.add(moved, str(author), str(taxonomy))
        carried += rows.height
    return carried


def purge_old_hashes(lake: Lake, key: DataKey) -> Iterator[tuple[str, int]]:
    """Delete for good what holds hashes of older keys; yield what, and how many files went. The last step."""
    publish_all(lake)
    for spec in TABLES:
        yield f"{spec.schema}.{spec.name}", spec.table(lake).purge_history()
    yield "reference", lake.reference.purge()
    prepared = [entry.key for entry in lake.store.entries(layout.PREPARED) if not entry.is_folder]
    for name in prepared:  # a cache: what was made with another key is never read again
        lake.store.delete(name)
    yield "prepared", len(prepared)
    lake.keys.forget_places(key.version)


def _places(lake: Lake) -> pl.DataFrame:
    """Return complaint_id, raw_sha256, record_number of all corrected complaints."""
    ids = CorrectionsInForce.of(lake).frame["complaint_id"]
    columns = ["complaint_id", *PLACE]
    return CLEANED.table(lake).scan(columns=columns).filter(pl.col("complaint_id").is_in(ids.implode())).collect()


def _at(lake: Lake, places: pl.DataFrame) -> pl.DataFrame:
    """Return ``places`` with new_id and day: which complaint stands there now."""
    table = CLEANED.table(lake).scan(columns=["complaint_id", "day", *PLACE])
    now = table.rename({"complaint_id": "new_id"}).join(places.lazy(), on=PLACE, how="inner").collect()
    return now.unique("new_id", keep="first", maintain_order=True)
