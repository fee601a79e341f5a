"""The shape of an answer or of a file, without a value: types, lengths, forms and Amazon's own constants.

A shape is a node per place. It counts what stood there, by type, so that a place where Amazon sends a text once and null
another time, or a field that is absent in some objects, shows as such:

    {"text": {"seen": 2, "lengths": [10, 20], "forms": ["9-9-9", "9-9-9A9:9:9A"]}, "null": 1}
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from tieout.doctor.words import enumeration, form, shown_name
from tieout.reports.charsets import detect_encoding
from tieout.reports.errors import Misfit
from tieout.reports.source import read_chunks

Node = dict[str, Any]
MOST_FORMS = 12
MOST_ROWS = 500
MOST_BYTES = 8 << 20
"""Of a document; of a longer one the shape is of its beginning."""
_DEEPEST = 30


def shape_of(value: Any) -> Node:
    """Return the shape of a parsed JSON value."""
    node: Node = {}
    _add(node, value, 0)
    return node


def _add(node: Node, value: Any, depth: int) -> None:
    """Count a value in a node."""
    if value is None:
        node["null"] = node.get("null", 0) + 1
    elif isinstance(value, bool):
        _count(node, "boolean")
    elif isinstance(value, dict) and depth < _DEEPEST:
        own = _count(node, "object")
        for name, inner in value.items():
            _add(own.setdefault("fields", {}).setdefault(shown_name(str(name)), {}), inner, depth + 1)
    elif isinstance(value, list) and depth < _DEEPEST:
        own = _count(node, "list")
        _span(own, len(value))
        for inner in value:
            _add(own.setdefault("items", {}), inner, depth + 1)
    elif isinstance(value, dict | list):
        _count(node, "deeper")
    else:
        text = value if isinstance(value, str) else json.dumps(value)
        own = _count(node, "text" if isinstance(value, str) else "number")
        _span(own, len(text))
        known = isinstance(value, str) and enumeration(value)
        seen = own.setdefault("constants" if known else "forms", [])
        told = text if known else form(text)
        if told not in seen and len(seen) < MOST_FORMS:
            seen.append(told)


def _count(node: Node, kind: str) -> Node:
    own: Node = node.setdefault(kind, {"seen": 0})
    own["seen"] += 1
    return own


def _span(own: Node, length: int) -> None:
    least, most = own.get("lengths", (length, length))
    own["lengths"] = [min(least, length), max(most, length)]


def shape_of_body(body: bytes) -> Node:
    """Return the shape of the body of an answer: of JSON, of a text, or of bytes that are neither."""
    try:
        return {"json": shape_of(json.loads(body))} if body else {"empty": True}
    except (ValueError, RecursionError):
        text = body[:MOST_BYTES].decode("utf-8", "replace")
        return {"no_json": {"length": len(body), "form": form(text)[:80]}}


def shape_of_file(path: Path) -> Node:
    """Return the shape of a received document: its encoding, and its JSON or its columns."""
    try:
        head = _beginning(path)
        encoding = detect_encoding(path, None, whole=False)
        text = head.decode(encoding, "replace")
    except Misfit as misfit:
        return {"unreadable": misfit.code.value}
    if text.lstrip("\ufeff \r\n\t\x1e").startswith(("{", "[")):
        texts = [part for part in text.split("\x1e") if part.strip()]
        return {"encoding": encoding, "json": _together(texts)}
    return {"encoding": encoding, **_table(text)}


def _beginning(path: Path) -> bytes:
    data = b""
    for chunk in read_chunks(path):
        data += chunk
        if len(data) >= MOST_BYTES:
            break
    return data[:MOST_BYTES]


def _together(texts: Iterable[str]) -> Node:
    node: Node = {}
    for text in texts:
        try:
            _add(node, json.loads(text), 0)
        except (ValueError, RecursionError):
            node["damaged"] = node.get("damaged", 0) + 1
    return node


def _table(text: str) -> Node:
    lines = text.splitlines()[: MOST_ROWS + 50]
    delimiter = max("\t,;|", key=lambda sign: sum(line.count(sign) for line in lines[:50]))
    try:
        rows = list(csv.reader(lines, delimiter=delimiter))
    except csv.Error:
        return {"no_table": True}
    start = max(range(min(len(rows), 30)), key=lambda at: len([c for c in rows[at] if c.strip()]), default=0)
    if not rows:
        return {"empty": True}
    header = [shown_name(cell) for cell in rows[start]]
    columns: dict[str, Node] = {f"{at}: {name}": {} for at, name in enumerate(header, start=1)}
    for row in rows[start + 1 : start + 1 + MOST_ROWS]:
        for name, cell in zip(columns, row, strict=False):
            _add(columns[name], cell or None, 0)
    widths = sorted({len(row) for row in rows[start:]})[:MOST_FORMS]
    return {
        "delimiter": delimiter,
        "header_line": start + 1,
        "rows_looked_at": len(rows) - start - 1,
        "cells_in_a_row": widths,
        "columns": columns,
    }
