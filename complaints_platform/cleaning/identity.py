"""Identity: what names a complaint, and the keyed hashes that stand for people.

All hashes are BLAKE2b (RFC 7693) of 128 bits in hexadecimal: stable for as long as the lake lives.
Every hash has its own ``person`` string, so that hashes of different kinds never meet.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from hashlib import blake2b
from itertools import pairwise

import polars as pl

from complaints_platform.cleaning.text import scatter
from complaints_platform.cleaning.words import bytes_of
from complaints_platform.errors import SettingsError

DIGEST_BYTES = 16
MINIMUM_SECRET_BYTES = 16

_NATIVE_ID = b"native id"
_CONTENT = b"content"
_REPETITION = b"repetition"
_CUSTOMER = b"customer"
_AGENT = b"agent"
_THREAD = b"thread"
_CHECK = b"check"

CONTENT = ("source", "occurred_at", "customer", "text")
"""What is compared of records without a native id."""

_INTERNATIONAL = r"^(?:\+|00)([1-9][0-9]{6,14})$"
_NATIONAL = (
    (r"^0((?:70|80|81|90|91)[0-9]{8})$", "234${1}"),
    (r"^0(7[1-57-9][0-9]{8})$", "44${1}"),
    (r"^0(1[567][0-9]{9})$", "49${1}"),
    (r"^([2-9][0-9]{2}[2-9][0-9]{6})$", "1${1}"),
)
"""National numbers of one country's shape alone: mobiles of Nigeria, the UK and Germany, and all of North America.

Of a number of another country that has the same shape, this makes another name, never another person's:
that person's own number would have to be there too.
"""


@dataclass(frozen=True)
class DataKey:
    """The secret behind the keyed hashes, and the version that is stored beside them.

    Raises:
        SettingsError: the secret is shorter than ``MINIMUM_SECRET_BYTES``, or the version below 1.
    """

    secret: bytes = field(repr=False)
    version: int

    def __post_init__(self) -> None:
        if len(self.secret) < MINIMUM_SECRET_BYTES:
            raise SettingsError(f"the data key must have at least {MINIMUM_SECRET_BYTES} bytes")
        if self.version < 1:
            raise SettingsError("the version of the data key must be 1 or more")

    @property
    def fingerprint(self) -> str:
        """What distinguishes keys without revealing them: the version and a keyed hash of nothing."""
        return f"{self.version}-{blake2b(digest_size=5, key=self.hash_key, person=_CHECK).hexdigest()}"

    @property
    def hash_key(self) -> bytes:
        """The key for BLAKE2b, which takes no more than 64 bytes: a longer secret is hashed first, as in HMAC."""
        return self.secret if len(self.secret) <= blake2b.MAX_KEY_SIZE else blake2b(self.secret).digest()


def native_id_keys(source: str, ids: pl.Series) -> pl.Series:
    """Return the complaint ids of records that carry the sender's own ``ids``, which are unique within ``source`` only.

    Returns:
        String, 32 hexadecimal digits: BLAKE2b of the source (with its length in front) and the id; nulls stay null.
    """
    return _hashes(blake2b(_framed(source), digest_size=DIGEST_BYTES, person=_NATIVE_ID), ids)


def content_keys(records: pl.DataFrame, key: DataKey) -> pl.Series:
    """Return what identifies records without a native id: a keyed hash of what was sent.

    It is keyed because texts and customers hold personal data that could be guessed from a plain hash.

    Args:
        records: the columns of ``CONTENT``.
        key: the data key.

    Returns:
        String, 32 hexadecimal digits; equal for records that agree in all four.
    """
    sent = records.with_columns(pl.col("occurred_at").cast(pl.Int64))
    joined = sent.select(pl.concat_str(_framed_column(name) for name in CONTENT))
    return _hashes(_keyed_hash(key, _CONTENT), joined.to_series())


def repetition_keys(ids: pl.Series, ordinals: pl.Series) -> pl.Series:
    """Return the complaint ids of records that ``ordinals`` (from 1) others with the same content key came before."""
    numbered = pl.select(pl.format("{} {}", ids, ordinals)).to_series()
    return _hashes(blake2b(digest_size=DIGEST_BYTES, person=_REPETITION), numbered)


def customer_keys(customers: pl.Series, key: DataKey) -> pl.Series:
    """Return keyed hashes of customers (String → String of 32 hexadecimal digits; nulls and blanks become null).

    The same person matches across channels if the senders name them by the same phone number in
    international form, e-mail address, handle or customer number, in whatever notation
    (``normalize_persons``).
    """
    return _person_keys(customers, _keyed_hash(key, _CUSTOMER))


def agent_keys(agents: pl.Series, key: DataKey) -> pl.Series:
    """Return keyed hashes of agents, as ``customer_keys``; a customer and an agent never share one."""
    return _person_keys(agents, _keyed_hash(key, _AGENT))


def thread_keys(source: str, threads: pl.Series, key: DataKey) -> pl.Series:
    """Return keyed hashes of conversations; they are the sender's own, so two sources never share one."""
    present = threads.str.strip_chars()
    prefix = blake2b(_framed(source), digest_size=DIGEST_BYTES, key=key.hash_key, person=_THREAD)
    return map_distinct(present.set(present == "", None), partial(_hashes, prefix))


def normalize_persons(values: pl.Series) -> pl.Series:
    """Return the one notation of phone numbers, e-mail addresses, handles and account numbers.

    Lower case, no white space around. A phone number in international form (+, 00 or neither), or in the
    national form of the countries in ``_NATIONAL``, becomes its international digits; other numbers lose
    their separators; a handle loses its @.
    """
    plain = values.str.strip_chars().str.to_lowercase().str.replace("^@+", "")
    digits = plain.str.replace_all(r"[\s().\-/]", "")
    rows = digits.str.contains(r"^\+?[0-9]{7,17}$").arg_true()
    numbers = digits.gather(rows).str.replace(_INTERNATIONAL, "${1}")
    for pattern, replacement in _NATIONAL:
        numbers = numbers.str.replace(pattern, replacement)
    normal = scatter(plain, rows, numbers)
    return normal.set(normal == "", None)


def _person_keys(values: pl.Series, prefix: blake2b) -> pl.Series:
    return map_distinct(values, lambda distinct: _hashes(prefix, normalize_persons(distinct)))


def map_distinct(values: pl.Series, function: Callable[[pl.Series], pl.Series]) -> pl.Series:
    """Apply ``function`` (String → String, row by row) once to each distinct value; nulls stay null."""
    distinct = values.drop_nulls().unique()
    if distinct.len() == 0:
        return values
    mapping = pl.DataFrame({"value": distinct, "mapped": function(distinct)})
    return values.to_frame("value").join(mapping, on="value", how="left", maintain_order="left")["mapped"]


def _keyed_hash(key: DataKey, person: bytes) -> blake2b:
    return blake2b(digest_size=DIGEST_BYTES, key=key.hash_key, person=person)


def _hashes(prefix: blake2b, values: pl.Series) -> pl.Series:
    """Hash each value after the bytes already in ``prefix``; a copy costs half of a new hash."""
    present = values.is_not_null().arg_true()
    # Hashing the bytes that are there saves decoding each text, only to encode it again.
    offsets, data = bytes_of(values.gather(present))
    content = data.tobytes()
    digests = []
    for start, end in pairwise(offsets.tolist()):
        state = prefix.copy()
        state.update(content[start:end])
        digests.append(state.digest())
    hashes = pl.Series(digests, dtype=pl.Binary).bin.encode("hex")
    return scatter(pl.Series([None], dtype=pl.String).new_from_index(0, values.len()), present, hashes)


def _framed(value: str) -> bytes:
    """Encode with the length in front, so that what is hashed can't run into what follows."""
    encoded = value.encode()
    return b"%d:%b" % (len(encoded), encoded)


def _framed_column(name: str) -> pl.Expr:
    """Do what ``_framed`` does for each value of a column; a null differs from all texts."""
    value = pl.col(name).cast(pl.String)
    return (
        pl.when(value.is_null()).then(pl.lit("-")).otherwise(pl.concat_str(value.str.len_bytes(), pl.lit(":"), value))
    )
