"""Arrow arrays from numpy and back, through their buffers.

pyarrow's own conversions import pandas when it is installed, which costs every process that reads one file half a
second and 60 MB.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa


def from_numpy(values: np.ndarray, kind: pa.DataType, null: np.ndarray | None = None) -> pa.Array:
    """An array of a type whose values are as wide as the numpy ones; null where `null` is true."""
    validity = pa.py_buffer(np.packbits(~null, bitorder="little")) if null is not None and null.any() else None
    return pa.Array.from_buffers(kind, len(values), [validity, pa.py_buffer(np.ascontiguousarray(values))])


def to_numpy(array: pa.Array, dtype: type[np.generic]) -> np.ndarray:
    """The values of an array of a fixed width; where it is null, any value."""
    width = np.dtype(dtype).itemsize
    return np.frombuffer(array.buffers()[1], dtype, len(array), array.offset * width)


def is_null(array: pa.Array) -> np.ndarray:
    """Where an array is null."""
    if not array.null_count:
        return np.zeros(len(array), bool)
    bits = np.frombuffer(array.buffers()[0], np.uint8)
    return np.unpackbits(bits, bitorder="little")[array.offset : array.offset + len(array)] == 0


def positions(rows: np.ndarray) -> pa.Array:
    """Row numbers to `take`."""
    return from_numpy(rows.astype(np.int64, copy=False), pa.int64())


def strings(texts: Sequence[str | None]) -> pa.StringArray:
    """An array of strings, null where there is None."""
    encoded = [b"" if text is None else text.encode() for text in texts]
    offsets = np.zeros(len(texts) + 1, np.int32)
    np.cumsum([len(each) for each in encoded], out=offsets[1:])
    null = np.fromiter((text is None for text in texts), bool, len(texts))
    validity = pa.py_buffer(np.packbits(~null, bitorder="little")) if null.any() else None
    return pa.StringArray.from_buffers(len(texts), pa.py_buffer(offsets), pa.py_buffer(b"".join(encoded)), validity)


def dictionary(codes: np.ndarray, texts: Sequence[str], null: np.ndarray | None = None) -> pa.DictionaryArray:
    """Strings by number."""
    indices = from_numpy(codes.astype(np.int32, copy=False), pa.int32(), null)
    return pa.DictionaryArray.from_arrays(indices, strings(texts))


def codes(array: pa.DictionaryArray) -> np.ndarray:
    """Which string of its dictionary each row is; -1 where it is null."""
    found = to_numpy(array.indices, np.int32)
    return np.where(is_null(array.indices), np.int32(-1), found) if array.null_count else found
