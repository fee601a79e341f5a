"""All that a lake, a warehouse and folders hold, as text that can be searched: unpacked, and value by value."""

from __future__ import annotations

import gzip
import io
import zipfile
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pyarrow.parquet as pq

from tieout.lake import Lake


def of_lake(lake: Lake, prefix: str = "") -> Iterator[tuple[str, str]]:
    """Every object, by key."""
    for key in lake.keys(prefix):
        yield key, text_of(lake.get(key) or b"")


def text_of(content: bytes) -> str:
    """What bytes say once they are unpacked; of text in several encodings what any of them says."""
    if content.startswith(b"PAR1"):
        rows = pq.read_table(io.BytesIO(content)).to_pylist()
        return repr(rows) + content.decode("latin-1")
    if content.startswith(b"\x1f\x8b"):
        return text_of(gzip.decompress(content))
    if content.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return "".join(text_of(archive.read(name)) for name in archive.namelist())
    return "\0".join(content.decode(codec, "replace") for codec in ("utf-8", "cp932", "utf-16"))


def of_database(path: Path) -> Iterator[tuple[str, str]]:
    """Every row of every table, and the file's bytes, in which a deleted row may still stand."""
    yield path.name, path.read_bytes().decode("latin-1")
    with duckdb.connect(str(path), read_only=True) as con:
        tables = con.execute("SELECT schema_name || '.' || table_name FROM duckdb_tables()").fetchall()
        for (name,) in tables:
            yield name, repr(con.execute(f"SELECT * FROM {name}").fetchall())


def of_folder(folder: Path) -> Iterator[tuple[str, str]]:
    """Every file below a folder."""
    for path in folder.rglob("*"):
        if path.is_file():
            yield str(path), text_of(path.read_bytes())
