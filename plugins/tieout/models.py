"""The SQL models of `include/sql`: one file a model, whose header comment says what the table is and what each column is.

A header looks like this, and everything else (tables, comments, data dictionary) is made from it::

    -- mart.settlement_tie_out
    --
    -- What it is, in one or more paragraphs.
    --
    -- Grain:   one row a settlement of an account
    -- Key:     account, settlement_id
    -- Inputs:  core.settlement
    -- Written: replaced by account, settlement_id
    --
    -- Columns:
    --   account | VARCHAR NOT NULL | What it holds, with unit, currency and time zone.

After the header stands one SELECT, or nothing when the engine writes the table itself. The SELECT's columns are the
header's, in the same order.

A table without a column `account` also says `Clients:`, that is which of its rows stand in a client's read copy; see
`tieout.warehouse.clients`.

A core model that is made of the rows of a report family says in `Written:` how rows of several documents become one table:
`merged by <columns>`, `merged by <columns>, complete by <date column>` or `snapshot by <date column>`. See `Merging`.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

from tieout.settings import SQL

PERSISTENT = ("ops", "core", "mart")
"""Schemas that are kept. `staging` lives for the time of one load."""

MERGED_COLUMNS = ("region", "account", "marketplace_ids", "document_id", "line_no", "as_of")
"""What every table that is merged has: of each row, where it comes from, and when its document was made."""

_FOLDERS = {"ops": "ops", "staging": "staging", "core": "core", "marts": "mart"}


@dataclass(frozen=True)
class Column:
    """A column of a model."""

    name: str
    type: str
    required: bool
    description: str

    @property
    def ddl(self) -> str:
        """The column as CREATE TABLE wants it."""
        return f"{self.name} {self.type}{' NOT NULL' if self.required else ''}"


@dataclass(frozen=True)
class Merging:
    """Which rows of the documents of one report family stand in its table. The newest document wins.

    A row of a document is outdated by a newer document of the same account (made later; of two made at once, the greater
    id) that has a row with the same `key`, or that must tell of the row's day and does not:

    * if `day` is set, the family tells all of a period: a document is complete for the days that lie wholly in its window
      in every time zone (from 00:00 of UTC+14 to 24:00 of UTC-12), of its own marketplaces. Rows of a day that it tells
      in part are replaced by their key alone, which therefore holds an instant, or an id of what happened at once;
    * if it is also a `snapshot`, a document tells how things are on its day, and replaces all that an earlier one of the
      same day and marketplaces told.
    """

    family: str
    key: tuple[str, ...]
    """Empty for a snapshot."""
    day: str | None
    snapshot: bool


_MERGED = re.compile(r"merged by (?P<key>[a-z_, ]+?)(?:, complete by (?P<day>[a-z_]+))?|snapshot by (?P<of>[a-z_]+)")


@dataclass(frozen=True)
class Model:
    """A table or view, and how it is made."""

    schema: str
    table: str
    purpose: str
    """Paragraphs, separated by empty lines."""
    grain: str
    key: tuple[str, ...]
    inputs: str
    written: str
    clients: str | None
    """Which rows stand in a client's read copy, in a word of `tieout.warehouse.clients`; None: none."""
    columns: tuple[Column, ...]
    select: str | None
    """The SELECT that gives its rows; None if the engine writes them itself."""

    @property
    def name(self) -> str:
        """Schema and table."""
        return f"{self.schema}.{self.table}"

    @property
    def column_names(self) -> str:
        """The columns, separated by commas."""
        return ", ".join(column.name for column in self.columns)

    @cached_property
    def reads(self) -> frozenset[str]:
        """The tables that the SELECT reads."""
        return frozenset(name.strip() for name in self.inputs.split(","))

    @cached_property
    def replaced_by(self) -> str | None:
        """Of a mart whose rows of an account and one more column's value are made anew when these changed: the column."""
        found = re.fullmatch(r"replaced by account, ([a-z_]+)", self.written)
        return found[1] if found else None

    @cached_property
    def is_built(self) -> bool:
        """Whether a build makes it of what is loaded: every mart, and core models that are made of other tables."""
        return (
            self.select is not None and self.schema in PERSISTENT and self.written.startswith(("rebuilt", "replaced"))
        )

    @cached_property
    def merging(self) -> Merging | None:
        """How documents of a report family become this table; None if it is not made of a family."""
        found = _MERGED.fullmatch(self.written)
        if self.schema != "core" or not found:
            return None
        family = self.inputs.removeprefix("staging.")
        key = tuple(part.strip() for part in (found["key"] or "").split(",") if part.strip())
        return Merging(family, key, found["day"] or found["of"], snapshot=found["of"] is not None)

    @cached_property
    def definition(self) -> str:
        """First 16 hex digits of a sha256 over all that decides the model's rows."""
        text = "\n".join([*(column.ddl for column in self.columns), self.select or ""])
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    @cached_property
    def ddl(self) -> str:
        """The statements that make the table and describe it."""
        return ";\n".join([self.create(), *self.comments()])

    def create(self, name: str | None = None) -> str:
        """Return the CREATE TABLE statement, of this table or of one called `name` with the same columns."""
        return f"CREATE TABLE {name or self.name} ({', '.join(column.ddl for column in self.columns)})"

    def comments(self) -> list[str]:
        """Return the COMMENT ON statements of the table and its columns."""
        return [
            f"COMMENT ON TABLE {self.name} IS {_quoted(self.purpose)}",
            *(f"COMMENT ON COLUMN {self.name}.{c.name} IS {_quoted(c.description)}" for c in self.columns),
        ]


def read_model(path: Path) -> Model:
    """Read one model file.

    :raises ValueError: naming the file and what its header lacks.
    """
    lines = path.read_text(encoding="utf-8").splitlines()
    size = next((n for n, line in enumerate(lines) if not line.startswith("--")), len(lines))
    header = [line[2:].removeprefix(" ").rstrip() for line in lines[:size]]
    name = f"{_FOLDERS[path.parent.name]}.{path.stem}"
    if not header or header[0] != name:
        raise ValueError(f"{path}: line 1 must be '-- {name}'")
    labels: dict[str, str] = {}
    purpose: list[str] = []
    columns: list[Column] = []
    for number, line in enumerate(header[1:], start=2):
        label = re.fullmatch(r"(Grain|Key|Inputs|Written|Clients|Columns):\s*(.*)", line)
        if label:
            labels[label[1]] = label[2]
        elif "Columns" in labels:
            parts = [part.strip() for part in line.split("|", 2)]
            if len(parts) != 3 or not all(parts):
                raise ValueError(f"{path}: line {number} is not of the form '--   name | TYPE | description'")
            type_ = parts[1].removesuffix(" NOT NULL")
            columns.append(Column(parts[0], type_, type_ != parts[1], parts[2]))
        elif not labels:
            purpose.append(line)
        elif line:
            raise ValueError(f"{path}: line {number} belongs to no label")
    if missing := [label for label in ("Grain", "Key", "Inputs", "Written", "Columns") if label not in labels]:
        raise ValueError(f"{path}: the header has no {missing[0]}:")
    key = tuple(part.strip() for part in labels["Key"].split(","))
    if unknown := set(key) - {column.name for column in columns}:
        raise ValueError(f"{path}: the key names {sorted(unknown)}, which are no columns")
    model = Model(
        schema=_FOLDERS[path.parent.name],
        table=path.stem,
        purpose=re.sub(r"(?<!\n)\n(?!\n)", " ", "\n".join(purpose).strip()),
        grain=labels["Grain"],
        key=key,
        inputs=labels["Inputs"],
        written=labels["Written"],
        clients=labels.get("Clients") or ("by account" if "account" in {column.name for column in columns} else None),
        columns=tuple(columns),
        select="\n".join(lines[size:]).strip() or None,
    )
    if model.merging:
        needed = {*MERGED_COLUMNS, *model.merging.key, *([model.merging.day] if model.merging.day else [])}
        if unknown := needed - {column.name for column in columns}:
            raise ValueError(f"{path}: a table that is merged needs {sorted(unknown)}, which are no columns")
        if not re.fullmatch(r"staging\.[a-z0-9_]+", model.inputs):
            raise ValueError(f"{path}: a table that is merged reads one report family, e.g. staging.orders")
    return model


@cache
def models() -> dict[str, Model]:
    """Return all models by name: ops, staging, core and mart, each in the order of their names.

    :raises ValueError: naming the file, if a header is broken.
    """
    found = [read_model(path) for folder in _FOLDERS for path in sorted((SQL / folder).glob("*.sql"))]
    return {model.name: model for model in found}


def build_order(known: Mapping[str, Model]) -> tuple[Model, ...]:
    """Return the models that a build makes of what is loaded, each after those that it reads.

    Args:
        known: All models by name.

    Raises:
        ValueError: if models read each other in a circle; the message names them.
    """
    waiting = {model.name: model for model in known.values() if model.is_built}
    found: list[Model] = []
    while waiting:
        ready = [model for model in waiting.values() if not model.reads & waiting.keys()]
        if not ready:
            raise ValueError(f"these models read each other in a circle: {', '.join(sorted(waiting))}")
        found += ready
        for model in ready:
            del waiting[model.name]
    return tuple(found)


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
