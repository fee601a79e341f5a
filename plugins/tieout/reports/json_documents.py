"""Reports that Amazon makes as JSON, and the answers of its APIs: as one document, or page after page."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from itertools import chain
from pathlib import Path
from typing import Any

from tieout.documents import ReasonCode
from tieout.privacy import NO_KEY, Privacy
from tieout.reports.errors import Misfit
from tieout.reports.family import Family, Kind
from tieout.reports.json_answers import REQUEST, family_of, is_empty, refusal, request_of
from tieout.reports.json_values import Asked, WrongShape, kind
from tieout.reports.tables import AS_AMAZON_MADE_IT
from tieout.reports.text import text_blocks

RECORD = b"\x1e"
"""What each text of a sequence begins with."""
_LARGEST = 64 << 20
"""A report has a few kilobytes, as has a page of an answer; the whole of one is held in memory."""
_AS_IT_CAME = "Save the answer as Amazon gave it"


def seems_json(path: Path, encoding: str) -> bool:
    """Whether the file begins as a JSON object or list, or as a sequence of JSON texts."""
    block = next(text_blocks(path, encoding), None)
    return block is not None and block.data[:1024].lstrip().startswith((b"{", b"[", RECORD))


def json_rows(
    path: Path,
    encoding: str,
    families: Sequence[Family],
    wanted: Family | None = None,
    privacy: Privacy = NO_KEY,
) -> tuple[Family, Iterator[dict[str, Any]]]:
    """Returns the family of a JSON document, or of a sequence of them, and its rows.

    Answers that are empty do not show what they are answers to: what follows them, or the request that stands before them,
    does.

    Args:
        path: The file.
        encoding: Its encoding.
        families: The JSON families.
        wanted: What it must be, if that is known; then an empty answer is a document without rows.
        privacy: Which values of unknown names are kept.

    Raises:
        Misfit: `damaged_file` if it is not JSON, `unknown_layout` if it is not of a known family.
    """
    texts = _texts(path, encoding)
    passed: list[Any] = []
    found = None
    for content in texts:
        passed.append(content)
        asked = request_of(content)
        found = next((each for each in families if each.report_types[0] == asked), None) if asked else None
        found = found or family_of(content, families)
        if found is not None:
            break
        if asked is None and not is_empty(content):
            raise refusal(content, families)
    family = found or wanted
    if family is None:
        raise refusal(passed[-1], families)
    return family, _rows(family, chain(passed, texts), families, privacy)


def _texts(path: Path, encoding: str) -> Iterator[Any]:
    """The JSON texts of a file, one after the other; at least one. The elements of a list count as texts."""
    data = b""
    found = 0
    for block in text_blocks(path, encoding):
        *whole, data = (data + block.data).split(RECORD)
        for text in whole:
            if text.strip():
                found += 1
                yield from _parsed(text)
        if len(data) > _LARGEST:
            raise Misfit(ReasonCode.UNKNOWN_LAYOUT, "this is a JSON document of more than 64 MiB", AS_AMAZON_MADE_IT)
    if data.strip() or not found:
        yield from _parsed(data)


def _parsed(data: bytes) -> Iterator[Any]:
    """The JSON texts that follow one another, such as one a line."""
    text = data.decode()
    decoder = json.JSONDecoder(parse_float=Decimal, parse_constant=_refuse, object_pairs_hook=_object)
    place = len(text) - len(text.lstrip())
    while True:
        try:
            content, place = decoder.raw_decode(text, place)
        except (ValueError, RecursionError) as error:
            line = getattr(error, "lineno", None)
            problem = f"the JSON is damaged ({error})"
            raise Misfit(ReasonCode.DAMAGED_FILE, problem, AS_AMAZON_MADE_IT, line=line) from None
        if isinstance(content, list) and content:
            yield from content
        else:
            yield content
        place += len(text[place:]) - len(text[place:].lstrip())
        if place == len(text):
            return


def _rows(
    family: Family, contents: Iterator[Any], families: Sequence[Family], privacy: Privacy
) -> Iterator[dict[str, Any]]:
    assert family.read_json is not None
    asked = Asked()
    for content in contents:
        if request_of(content) is not None:
            asked.parameters = content[REQUEST].get("parameters") or {}
            continue
        if family_of(content, families) is not family:
            if is_empty(content):
                continue
            raise refusal(content, families, family)
        try:
            for row in family.read_json(content, asked):
                yield _fitted(family, row, privacy)
        except WrongShape as wrong:
            problem = f"this is {family.title} of an unknown shape: {wrong}"
            raise Misfit(ReasonCode.UNKNOWN_LAYOUT, problem, _AS_IT_CAME) from None
        except RecursionError:
            problem = "the JSON is nested more deeply than any answer of Amazon's"
            raise Misfit(ReasonCode.DAMAGED_FILE, problem, _AS_IT_CAME) from None


def _fitted(family: Family, row: Mapping[str, Any], privacy: Privacy) -> dict[str, Any]:
    """A row whose texts are texts and whose whole numbers are whole, and whose `extra` has no value of an unknown name.

    Raises:
        WrongShape: If a value is of another kind.
    """
    fitted = dict(row)
    if fitted.get("extra"):
        kept = _without_unknown(json.loads(fitted["extra"]), family, privacy)
        fitted["extra"] = json.dumps(kept, ensure_ascii=False)
    for column in family.columns:
        value = row.get(column.name)
        if value is None:
            continue
        if column.kind in (Kind.TEXT, Kind.CURRENCY) and not isinstance(value, str):
            if not isinstance(value, int | Decimal) or isinstance(value, bool):
                raise WrongShape(f"{column.name} is {kind(value)}, where Amazon's model has a text")
            fitted[column.name] = str(value)
        elif column.kind is Kind.WHOLE and (isinstance(value, bool) or not isinstance(value, int)):
            if not isinstance(value, Decimal) or value != value.to_integral_value():
                raise WrongShape(f"{column.name} is {kind(value)}, where Amazon's model has a whole number")
            fitted[column.name] = int(value)
    return fitted


def _without_unknown(named: Mapping[str, Any], family: Family, privacy: Privacy) -> dict[str, Any]:
    """The names of what has no column, and their values as far as they are known to be no person's."""
    kept: dict[str, Any] = {}
    for name, value in named.items():
        known = name in family.extra_names or privacy.keeps_unknown(name)
        if known and isinstance(value, dict):
            kept[name] = _without_unknown(value, family, privacy)
        else:
            kept[name] = value if known and not isinstance(value, list) else None
    return kept


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object, unless it has a name twice: which of two amounts counts is not known."""
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("an object has the same name twice, and which of its values counts is not known")
    return found


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not a number")
