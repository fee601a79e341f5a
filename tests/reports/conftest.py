"""Fixtures of the reader's tests."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tieout.documents import Reading
from tieout.reports import source, text
from tieout.reports.settlement import read_settlement


@pytest.fixture
def read(tmp_path: Path) -> Callable[..., Reading]:
    """Reads bytes as if they were a file named settlement.txt."""

    def read_bytes(data: bytes, **options: object) -> Reading:
        path = tmp_path / "settlement.txt"
        path.write_bytes(data)
        return read_settlement(path, **options)

    return read_bytes


@pytest.fixture
def small_blocks() -> Iterator[None]:
    """Blocks of a line or two instead of a megabyte, so that a small file has a beginning and a rest."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(source, "CHUNK_BYTES", 300)
        patch.setattr(text, "BLOCK_BYTES", 300)
        yield
