"""The data dictionary: `python -m tieout.warehouse.dictionary > docs/data-dictionary.md`."""

from __future__ import annotations

import sys

from tieout.fees import fee_dictionary
from tieout.models import PERSISTENT, Model, models

_SCHEMAS = {
    "mart": "What people read: finished answers, one question a table.",
    "core": "The settlements themselves: every version, the lines of the current one, and what each line is.",
    "ops": "What happened: every document, check, load and call.",
    "staging": "The documents of one load, typed. These exist only while it runs.",
}


def data_dictionary() -> str:
    """Return the dictionary of all tables, columns and categories, as Markdown."""
    parts = [
        "# Data dictionary",
        "Made from the headers of `include/sql` and from `include/config/fee_dictionary.yaml` by `python -m "
        "tieout.warehouse.dictionary`; change those, not this file. The same words are on the tables themselves: "
        "`SELECT column_name, comment FROM duckdb_columns() WHERE table_name = 'settlement_tie_out'`.",
        "Amounts are exact decimals in the currency that the row names, positive towards the seller. An amount that is "
        "not known is null, never 0. Instants are UTC.",
    ]
    for schema, purpose in _SCHEMAS.items():
        parts += [f"## {schema}", purpose]
        for model in models().values():
            if model.schema == schema:
                parts += _table(model)
    parts += ["## Categories", "What `category` can be. Cash flow moves money and belongs to no profit and loss."]
    rows = ["| Category | Cash flow | Meaning |", "|---|---|---|"]
    for category in fee_dictionary().categories.values():
        rows.append(f"| `{category.name}` | {'yes' if category.is_cash_flow else 'no'} | {category.meaning} |")
    parts.append("\n".join(rows))
    return "\n\n".join(parts) + "\n"


def _table(model: Model) -> list[str]:
    facts = [
        f"- Grain: {model.grain}",
        f"- Key: {', '.join(f'`{name}`' for name in model.key)}",
        f"- Made from: {model.inputs}",
        f"- Written: {model.written}",
    ]
    if model.clients and model.schema in PERSISTENT:
        facts.append(f"- In a client's read copy: {model.clients}")
    rows = ["| Column | Type | Meaning |", "|---|---|---|"]
    for column in model.columns:
        type_ = column.type + (" not null" if column.required else "")
        rows.append(f"| `{column.name}` | {type_} | {column.description.replace('|', chr(92) + '|')} |")
    return [f"### {model.name}", model.purpose, "\n".join(facts), "\n".join(rows)]


if __name__ == "__main__":
    sys.stdout.write(data_dictionary())
