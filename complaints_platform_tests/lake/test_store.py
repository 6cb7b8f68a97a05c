import pytest

from complaints_platform.errors import LakeError
from complaints_platform.lake.store import LocalStore, open_store


@pytest.fixture
def store(tmp_path):
    return LocalStore(tmp_path)


def test_what_is_put_is_got(store):
    store.put("a/b c/é#%?.json", [b"one", b"two"])
    assert store.get("a/b c/é#%?.json") == b"onetwo"
    with store.open("a/b c/é#%?.json") as file:
        assert file.read() == b"onetwo"
    assert store.stat("a/b c/é#%?.json").size == 6
    assert store.get("a/missing") is None
    assert store.stat("a/missing") is None


def test_a_write_that_fails_leaves_the_old_object_and_nothing_else(store):
    store.put("x", b"old")

    def blocks():
        yield b"new"
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        store.put("x", blocks())
    assert store.get("x") == b"old"
    assert [entry.key for entry in store.entries(".")] == ["x"]


def test_half_written_objects_are_not_listed(store):
    store.put("a/x", b"1")
    (store.path("a") / ".tmp-123").write_bytes(b"half")
    assert store.names("a") == ["x"]
    assert [entry.key for entry in store.entries("a")] == ["a/x"]


@pytest.mark.parametrize("key", ["../x", "a/../../x", "/etc/hosts"])
def test_no_key_leads_outside(store, key):
    with pytest.raises(LakeError, match="outside"):
        store.get(key)


def test_missing_folders_list_as_empty(store):
    assert store.names("nothing") == []
    assert list(store.entries("nothing")) == []


def test_an_unreadable_object_says_which(store, tmp_path):
    with pytest.raises(LakeError, match=r"missing\.csv"):
        store.open("missing.csv")


def test_file_uris_are_folders(tmp_path):
    assert open_store(f"file://{tmp_path}/a%20b").uri == f"{tmp_path}/a b"
