"""`docs/privacy.md` says what the declarations say."""

from __future__ import annotations

from pathlib import Path

from tieout.privacy import HARMLESS_COLUMNS
from tieout.reports.families import FAMILIES

PAGE = (Path(__file__).resolve().parents[1] / "docs" / "privacy.md").read_text(encoding="utf-8")


def lines() -> list[str]:
    """A line of the table for each family and kind of value."""
    found = []
    for family in FAMILIES.values():
        told: dict[tuple[str, bool], list[str]] = {}
        for column in family.personal_columns:
            assert column.personal is not None
            told.setdefault((column.personal.value, column.hashed), []).append(f"`{column.name}`")
        for (what, hashed), names in told.items():
            kept = "keyed hash, staged and in core" if hashed else "nowhere else"
            found.append(f"| `{family.name}` | {what} | {', '.join(names)} | {kept} |")
    return found


def test_the_table_of_personal_columns_is_whole() -> None:
    begin = PAGE.index("| Family | Tells |")
    table = PAGE[begin : PAGE.index("\n\n", begin)].splitlines()[2:]
    assert table == lines()


def test_the_harmless_columns_are_named() -> None:
    for name in HARMLESS_COLUMNS:
        assert f"`{name}`" in PAGE
