"""Reports that Amazon makes as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

from tieout.documents import ReasonCode
from tieout.reports.errors import Misfit
from tieout.reports.family import Family
from tieout.reports.tables import AS_AMAZON_MADE_IT
from tieout.reports.text import text_blocks

_LARGEST = 64 << 20
"""These reports have a few kilobytes; the whole of one is held in memory."""


def seems_json(path: Path, encoding: str) -> bool:
    """Whether the file begins as a JSON object or list."""
    block = next(text_blocks(path, encoding), None)
    return block is not None and block.data[:1024].lstrip().startswith((b"{", b"["))


def json_rows(path: Path, encoding: str, families: Sequence[Family]) -> tuple[Family, Iterator[dict[str, Any]]]:
    """The family of a JSON document, and its rows.

    :raises Misfit: `damaged_file` if it is not JSON, `unknown_layout` if it is of no family.
    """
    data = b""
    for block in text_blocks(path, encoding):
        data += block.data
        if len(data) > _LARGEST:
            raise Misfit(ReasonCode.UNKNOWN_LAYOUT, "this is a JSON document of more than 64 MiB", AS_AMAZON_MADE_IT)
    try:
        content = json.loads(data, parse_float=Decimal, parse_constant=_refuse)
    except ValueError as error:
        line = getattr(error, "lineno", None)
        problem = f"the JSON is damaged ({error})"
        raise Misfit(ReasonCode.DAMAGED_FILE, problem, AS_AMAZON_MADE_IT, line=line) from None
    for family in families:
        if isinstance(content, dict) and all(name in content for name in family.json_keys):
            return family, _rows(family, content)
    wanted = "; ".join(f"{each.title} has {', '.join(each.json_keys)}" for each in families)
    raise Misfit(
        ReasonCode.UNKNOWN_LAYOUT, f"this JSON document is of no known report ({wanted})", AS_AMAZON_MADE_IT, line=1
    )


def _rows(family: Family, content: Any) -> Iterator[dict[str, Any]]:
    assert family.read_json is not None
    try:
        yield from family.read_json(content)
    except (KeyError, TypeError, AttributeError) as error:
        problem = f"this is {family.title} of an unknown shape ({type(error).__name__}: {error})"
        raise Misfit(ReasonCode.UNKNOWN_LAYOUT, problem, AS_AMAZON_MADE_IT) from error


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is no number")
