"""Reports that Amazon makes as JSON, and the answers of its APIs."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal, InvalidOperation
from itertools import chain
from pathlib import Path
from typing import Any

from tieout.documents import ReasonCode
from tieout.reports.errors import Misfit
from tieout.reports.family import Family
from tieout.reports.tables import AS_AMAZON_MADE_IT
from tieout.reports.text import text_blocks

RECORD = b"\x1e"
"""What each text of a sequence begins with."""
_LARGEST = 64 << 20
"""A report has a few kilobytes, as has a page of an answer; the whole of one is held in memory."""


def seems_json(path: Path, encoding: str) -> bool:
    """Whether the file begins as a JSON object or list, or as a sequence of JSON texts."""
    block = next(text_blocks(path, encoding), None)
    return block is not None and block.data[:1024].lstrip().startswith((b"{", b"[", RECORD))


def json_rows(path: Path, encoding: str, families: Sequence[Family]) -> tuple[Family, Iterator[dict[str, Any]]]:
    """The family of a JSON document, or of a sequence of them (RFC 7464), and its rows.

    :raises Misfit: `damaged_file` if it is not JSON, `unknown_layout` if it is of no family.
    """
    texts = _texts(path, encoding)
    first = next(texts)
    for family in families:
        if all(_has(first, name) for name in family.json_keys):
            return family, _rows(family, chain([first], texts))
    wanted = "; ".join(f"{each.title} has {', '.join(each.json_keys)}" for each in families)
    raise Misfit(
        ReasonCode.UNKNOWN_LAYOUT, f"this JSON document is of no known report ({wanted})", AS_AMAZON_MADE_IT, line=1
    )


def _texts(path: Path, encoding: str) -> Iterator[Any]:
    """The JSON texts of a file, one after the other; at least one."""
    data = b""
    found = 0
    for block in text_blocks(path, encoding):
        *whole, data = (data + block.data).split(RECORD)
        for text in whole:
            if text.strip():
                found += 1
                yield _parsed(text)
        if len(data) > _LARGEST:
            raise Misfit(ReasonCode.UNKNOWN_LAYOUT, "this is a JSON document of more than 64 MiB", AS_AMAZON_MADE_IT)
    if data.strip() or not found:
        yield _parsed(data)


def _parsed(text: bytes) -> Any:
    try:
        return json.loads(text, parse_float=Decimal, parse_constant=_refuse)
    except ValueError as error:
        line = getattr(error, "lineno", None)
        problem = f"the JSON is damaged ({error})"
        raise Misfit(ReasonCode.DAMAGED_FILE, problem, AS_AMAZON_MADE_IT, line=line) from None


def _has(content: Any, name: str) -> bool:
    for part in name.split("."):
        if not isinstance(content, dict) or part not in content:
            return False
        content = content[part]
    return True


def _rows(family: Family, contents: Iterable[Any]) -> Iterator[dict[str, Any]]:
    assert family.read_json is not None
    try:
        for content in contents:
            yield from family.read_json(content)
    except (KeyError, TypeError, AttributeError, ValueError, InvalidOperation) as error:
        problem = f"this is {family.title} of an unknown shape ({type(error).__name__}: {error})"
        raise Misfit(ReasonCode.UNKNOWN_LAYOUT, problem, AS_AMAZON_MADE_IT) from error


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is no number")
