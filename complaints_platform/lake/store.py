"""Byte storage under a URI: the only place that opens a path or calls an object store.

A ``Store`` maps keys (``a/b/c``) to immutable or atomically replaced objects. Local folders are handled here with the
standard library because object-store clients refuse file names that senders do use; S3 goes through
obstore, which shares its code and its credentials with delta-rs.
"""

import errno
import io
import os
import stat
import tempfile
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Protocol, cast
from urllib.parse import unquote, urlsplit

from typing_extensions import Buffer

from complaints_platform.errors import LakeError

if TYPE_CHECKING:
    from obstore import ReadableFile
    from obstore.store import S3Store

COPY_BLOCK = 1 << 20
SPOOL_BYTES = 64 << 20
"""An upload larger than this is gathered on disk, not in memory."""

TEMPORARY_PREFIX = ".tmp-"


@dataclass(frozen=True)
class Entry:
    """One object of a listing; ``is_folder`` marks folders, which only local stores have.

    ``tag`` changes whenever the object's bytes may have changed, even where its size and time are set back.
    """

    key: str
    size: int
    modified: datetime
    is_folder: bool = False
    tag: str = ""


class Store(Protocol):
    """What the lake needs of a storage. Keys are relative, with forward slashes."""

    @property
    def uri(self) -> str:
        """Root of the store, as people and delta-rs read it."""

    @property
    def storage_options(self) -> dict[str, str]:
        """Options by which delta-rs reaches the same place."""

    def open(self, key: str) -> BinaryIO:
        """Open the object for reading; ``LakeError`` if there is none."""

    def get(self, key: str) -> bytes | None:
        """Return the object's bytes, or None if there is none."""

    def put(self, key: str, blocks: bytes | Iterable[bytes]) -> None:
        """Write the object durably and atomically, replacing one that exists; ``LakeError`` if that fails.

        Errors of ``blocks`` themselves pass through unchanged.
        """

    def create(self, key: str, data: bytes) -> bool:
        """Write the object as ``put`` does unless there is one already; tell whether it was written.

        Of several processes that create the same object exactly one is told that it has.
        """

    def stat(self, key: str) -> Entry | None:
        """Return size and time of the object, or None if there is none."""

    def entries(self, prefix: str, after: str = "") -> Iterator[Entry]:
        """List the objects below the folder ``prefix`` whose keys come after ``after``, in the order of their keys."""

    def unfinished(self) -> Iterator[Entry]:
        """List what writers that were killed have left half-written, and what is being written just now."""

    def names(self, prefix: str) -> list[str]:
        """Return the names (not keys) directly below the folder ``prefix``, sorted."""

    def move(self, source: str, target: str) -> None:
        """Rename an object, replacing one that exists."""

    def delete(self, key: str) -> None:
        """Delete the object; nothing happens if there is none."""


def open_store(uri: str) -> Store:
    """Return the store at ``uri``: a folder, ``file://…`` or ``s3://bucket/prefix``."""
    parts = urlsplit(uri)
    if parts.scheme == "s3":
        return ObjectStore(uri)
    return LocalStore(Path(unquote(parts.path) if parts.scheme == "file" else uri))


def blocks_of(stream: BinaryIO) -> Iterator[bytes]:
    """Read ``stream`` to its end in blocks of bounded size."""
    while block := stream.read(COPY_BLOCK):
        yield block


@contextmanager
def _writing(path: Path) -> Iterator[None]:
    """Say of what the system refuses which object it is about, and why, in one line."""
    try:
        yield
    except OSError as error:
        raise LakeError(f"{path} can't be written: {error.strerror}") from error


def _entry(key: str, status: os.stat_result) -> Entry:
    modified = datetime.fromtimestamp(status.st_mtime, UTC)
    tag = f"{status.st_ino} {status.st_ctime_ns}"
    return Entry(key, status.st_size, modified, stat.S_ISDIR(status.st_mode), tag)


def _is_folder(item: "os.DirEntry[str]") -> bool:
    try:
        return item.is_dir()
    except OSError as error:
        if error.errno != errno.ELOOP:  # a link to itself is no folder
            raise
        return False


def _walk(folder: str, prefix: str, after: str) -> Iterator[Entry]:
    """List a folder's tree; a landing may hold a million files, so one look at each has to do."""
    try:
        with os.scandir(folder) as listing:
            found = [(item.name + "/" * _is_folder(item), item) for item in listing]
    except (FileNotFoundError, NotADirectoryError):
        return
    except OSError as error:  # must not pass for an empty one
        raise LakeError(f"{error.filename} can't be listed: {error.strerror}") from error
    # With its slash a folder stands where its content stands among the keys.
    for name, item in sorted(found, key=lambda each: each[0]):
        key = prefix + name
        if item.name.startswith(TEMPORARY_PREFIX) or (key <= after and not after.startswith(key)):
            continue
        if key > after:
            try:
                yield _entry(key.removesuffix("/"), item.stat())
            except FileNotFoundError:
                continue  # gone since the folder was listed, or a link that leads nowhere
            except OSError as error:
                if error.errno != errno.ELOOP:
                    raise
                continue
        if item.is_dir(follow_symlinks=False):
            yield from _walk(item.path, key, after)


class LocalStore:
    """A folder. Objects appear by rename, after their bytes have reached the disk."""

    def __init__(self, root: Path) -> None:
        self._root = Path(os.path.abspath(root))  # noqa: PTH100  # resolve() would follow links the user chose
        self.uri = str(self._root)
        self.storage_options: dict[str, str] = {}

    def path(self, key: str) -> Path:
        """Return the path of ``key``; refuse one that leads outside the root."""
        path = self._root / key
        if ".." in Path(key).parts or Path(key).is_absolute():
            raise LakeError(f"{key!r} leads outside {self._root}")
        return path

    def open(self, key: str) -> BinaryIO:
        """Open the object for reading."""
        path = self.path(key)
        try:
            if not stat.S_ISREG(path.stat().st_mode):
                raise LakeError(f"{path} can't be read: it is no regular file")  # opening a pipe would wait for ever
            return path.open("rb")
        except OSError as error:
            raise LakeError(f"{path} can't be read: {error.strerror}") from error

    def get(self, key: str) -> bytes | None:
        """Return the object's bytes, or None."""
        try:
            return self.path(key).read_bytes()
        except FileNotFoundError:
            return None

    def put(self, key: str, blocks: bytes | Iterable[bytes]) -> None:
        """Write to a hidden sibling, flush it to disk, rename it."""
        path = self.path(key)
        with self._written(path, blocks) as temporary, _writing(path):
            temporary.replace(path)

    def create(self, key: str, data: bytes) -> bool:
        """Write to a hidden sibling, flush it to disk, and give it its name, which fails if the name is taken."""
        path = self.path(key)
        with self._written(path, data) as temporary, _writing(path):
            try:
                path.hardlink_to(temporary)
            except FileExistsError:
                return False
        return True

    @contextmanager
    def _written(self, path: Path, blocks: bytes | Iterable[bytes]) -> Iterator[Path]:
        """Write a hidden sibling of ``path`` that has reached the disk; whatever is left of it goes in the end."""
        temporary = path.with_name(f"{TEMPORARY_PREFIX}{uuid.uuid4().hex}")
        with _writing(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            file = temporary.open("wb", buffering=0)
        try:
            with file:
                for block in (blocks,) if isinstance(blocks, bytes) else blocks:
                    rest = memoryview(block)
                    with _writing(path):
                        while rest:  # an unbuffered file may take only a part of it at a time
                            rest = rest[file.write(rest) :]
                with _writing(path):
                    os.fsync(file.fileno())
            yield temporary
        finally:
            temporary.unlink(missing_ok=True)

    def stat(self, key: str) -> Entry | None:
        """Return size and time of the object, or None; a link that leads nowhere is no object."""
        try:
            status = self.path(key).stat()
        except FileNotFoundError:
            return None
        except OSError as error:
            if error.errno != errno.ELOOP:
                raise
            return None
        return _entry(key, status)

    def entries(self, prefix: str, after: str = "") -> Iterator[Entry]:
        """Walk the folder; half-written objects are not listed, folders are (as such)."""
        key = Path(prefix).as_posix()
        yield from _walk(str(self.path(prefix)), "" if key == "." else f"{key}/", after)

    def unfinished(self) -> Iterator[Entry]:
        """Walk the whole store for hidden siblings."""
        for folder, _, names in os.walk(self._root):
            for name in names:
                if name.startswith(TEMPORARY_PREFIX):
                    entry = self.stat((Path(folder) / name).relative_to(self._root).as_posix())
                    if entry is not None:
                        yield entry

    def names(self, prefix: str) -> list[str]:
        """List one level."""
        try:
            return sorted(name for name in os.listdir(self.path(prefix)) if not name.startswith(TEMPORARY_PREFIX))  # noqa: PTH208  # names only: no stat per file
        except (FileNotFoundError, NotADirectoryError):
            return []

    def move(self, source: str, target: str) -> None:
        """Rename within the folder."""
        with _writing(self.path(target)):
            self.path(target).parent.mkdir(parents=True, exist_ok=True)
            self.path(source).replace(self.path(target))

    def delete(self, key: str) -> None:
        """Unlink the file."""
        self.path(key).unlink(missing_ok=True)


class _ObjectReader(io.RawIOBase):
    """obstore's reader as Python's io knows readers: bytes, a context manager, seekable."""

    def __init__(self, reader: "ReadableFile") -> None:
        self._reader = reader

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def readinto(self, buffer: Buffer) -> int:
        view = memoryview(buffer)
        data = self._reader.read(len(view))
        view[: len(data)] = data
        return len(data)

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        return self._reader.seek(offset, whence)

    def tell(self) -> int:
        return self._reader.tell()


class ObjectStore:
    """A bucket, or a prefix in one. Credentials and endpoint come from the usual AWS variables."""

    def __init__(self, uri: str) -> None:
        self.uri = uri.rstrip("/")
        self.storage_options = (
            {"allow_http": "true"} if os.environ.get("AWS_ENDPOINT_URL", "").startswith("http://") else {}
        )

    @property
    def _store(self) -> "S3Store":
        from obstore.store import S3Store

        options = {"allow_http": True} if self.storage_options else {}
        return S3Store.from_url(self.uri, client_options=options)  # type: ignore[arg-type]  # a TypedDict with all keys optional

    def open(self, key: str) -> BinaryIO:
        """Open a buffered reader that fetches ranges."""
        import obstore

        try:
            reader = obstore.open_reader(self._store, key)
        except FileNotFoundError as error:
            raise LakeError(f"{self.uri}/{key} does not exist") from error
        return io.BufferedReader(_ObjectReader(reader), buffer_size=COPY_BLOCK)

    def get(self, key: str) -> bytes | None:
        """Fetch the object, or None."""
        try:
            return bytes(self._store.get(key).bytes())
        except FileNotFoundError:
            return None

    def put(self, key: str, blocks: bytes | Iterable[bytes]) -> None:
        """Upload; an object store shows it only when it is whole."""
        if isinstance(blocks, bytes):
            self._store.put(key, blocks)
            return
        # Blocks that come from another object can't be fetched while obstore is uploading this one.
        with tempfile.SpooledTemporaryFile(max_size=SPOOL_BYTES) as spool:
            for block in blocks:
                spool.write(block)
            spool.seek(0)
            self._store.put(key, cast(BinaryIO, spool))

    def create(self, key: str, data: bytes) -> bool:
        """Upload on the condition that there is no such object; the store decides."""
        from obstore.exceptions import AlreadyExistsError

        try:
            self._store.put(key, data, mode="create", use_multipart=False)
        except AlreadyExistsError:
            return False
        return True

    def stat(self, key: str) -> Entry | None:
        """Ask for the object's head."""
        try:
            head = self._store.head(key)
        except FileNotFoundError:
            return None
        return Entry(key, head["size"], head["last_modified"], tag=head["e_tag"] or "")

    def entries(self, prefix: str, after: str = "") -> Iterator[Entry]:
        """List the prefix, page by page."""
        for page in self._store.list(prefix=prefix, offset=after or None):
            for item in page:
                yield Entry(item["path"], item["size"], item["last_modified"], tag=item["e_tag"] or "")

    def unfinished(self) -> Iterator[Entry]:
        """List nothing: what an upload has left is no object, and goes by a rule of the bucket."""
        return iter(())

    def names(self, prefix: str) -> list[str]:
        """List one level: objects and common prefixes."""
        listing = self._store.list_with_delimiter(prefix=prefix)
        keys = [item["path"] for item in listing["objects"]] + list(listing["common_prefixes"])
        return sorted(key.rstrip("/").rsplit("/", 1)[-1] for key in keys)

    def move(self, source: str, target: str) -> None:
        """Copy within the bucket, then delete."""
        self._store.rename(source, target)

    def delete(self, key: str) -> None:
        """Delete the object."""
        self._store.delete(key)
