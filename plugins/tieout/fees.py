"""The fee dictionary: what each kind of settlement line means, from `include/config/fee_dictionary.yaml`.

A kind is the triple (transaction-type, amount-type, amount-description) as Amazon's V2 settlement file spells it. A rule
names a triple, or many of them: a field is a text, a text that ends in `*` (any text that begins so), or `*` (any text,
also none). Case does not matter. Of the rules that match a triple the most specific one decides; the order of the file
does not. Two rules of which neither is more specific are refused when the file is read, unless a third rule decides
what both match.
"""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from tieout.documents import Record
from tieout.settings import CONFIG

UNKNOWN = "unknown"
"""The category of a line whose kind is not in the dictionary. It still counts in every sum."""

FIELDS = ("transaction_type", "amount_type", "amount_description")

_LITERAL_SCORE = 1000


class Category(Record):
    """What a line can be."""

    name: str
    is_cash_flow: bool
    """True for money that only moves (a reserve, a carried balance): it is in the settlement, not in profit and loss."""
    meaning: str


class FeeRule(Record):
    """One rule. The three fields are patterns in lower case, as the module's docstring says."""

    transaction_type: str
    amount_type: str
    amount_description: str
    category: str
    is_cash_flow: bool
    provenance: str
    """The public page or file that shows this kind."""

    @property
    def patterns(self) -> tuple[str, str, str]:
        """The three patterns."""
        return (self.transaction_type, self.amount_type, self.amount_description)

    @property
    def specificity(self) -> int:
        """Higher for the more specific of any two rules of which one matches a part of what the other matches."""
        return sum(_score(pattern) for pattern in self.patterns)

    @property
    def like(self) -> tuple[str, str, str]:
        """The three patterns for SQL's `LIKE ... ESCAPE '!'`."""
        return tuple(_like(pattern) for pattern in self.patterns)  # type: ignore[return-value]


class FeeDictionary(Record):
    """All rules and categories."""

    categories: dict[str, Category]
    rules: tuple[FeeRule, ...]
    version: str
    """First 16 hex digits of a sha256 over what the rules say; their order in the file does not matter."""

    def rows(self) -> list[tuple[str | int | bool, ...]]:
        """Return the rules as rows of core.fee_category, in the order of its columns."""
        return [
            (*r.patterns, r.category, r.is_cash_flow, r.provenance, r.specificity, *r.like, self.version)
            for r in self.rules
        ]


def load_fee_dictionary(path: Path) -> FeeDictionary:
    """Read a fee dictionary.

    :raises ValueError: naming the file and the rule, if a rule is incomplete, names an unknown category or source, stands
        there twice, or contradicts another one.
    """
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    categories = {
        name: Category(name=name, is_cash_flow=entry["cash_flow"], meaning=" ".join(entry["meaning"].split()))
        for name, entry in content["categories"].items()
    }
    if UNKNOWN not in categories:
        raise ValueError(f"{path}: the category {UNKNOWN!r} is missing")
    rules: dict[tuple[str, str, str], FeeRule] = {}
    for number, entry in enumerate(content["rules"], start=1):
        for rule in _expand(entry, categories, content["sources"], f"{path}: rule {number}"):
            if rule.patterns in rules:
                raise ValueError(f"{path}: rule {number} repeats {_show(rule)}")
            rules[rule.patterns] = rule
    _refuse_contradictions(path, rules)
    ordered = tuple(rules[patterns] for patterns in sorted(rules))
    said = "\n".join("\t".join((*r.patterns, r.category, str(r.is_cash_flow), r.provenance)) for r in ordered)
    return FeeDictionary(categories=categories, rules=ordered, version=hashlib.sha256(said.encode()).hexdigest()[:16])


@cache
def fee_dictionary() -> FeeDictionary:
    """Return the project's own dictionary."""
    return load_fee_dictionary(CONFIG / "fee_dictionary.yaml")


def _expand(
    entry: dict[str, Any], categories: dict[str, Category], sources: dict[str, str], where: str
) -> Iterator[FeeRule]:
    """One entry may list several texts a field: it stands for every combination."""
    keys = {"transaction", "type", "description", "category", "source"}
    if set(entry) != keys:
        raise ValueError(f"{where} has the keys {sorted(entry)}; it must have {sorted(keys)}")
    category = categories.get(entry["category"])
    if category is None or category.name == UNKNOWN:
        raise ValueError(f"{where}: {entry['category']!r} is not a category that a rule can give")
    named = _listed(entry["source"])
    if missing := [name for name in named if name not in sources]:
        raise ValueError(f"{where}: {missing} are not under 'sources:'")
    provenance = "; ".join(sources[name] for name in named)
    fields = (entry["transaction"], entry["type"], entry["description"])
    for patterns in itertools.product(*(_listed(field) for field in fields)):
        for pattern in patterns:
            if not isinstance(pattern, str) or "*" in pattern[:-1] or pattern != pattern.strip():
                raise ValueError(f"{where}: {pattern!r} is not a text, a text that ends in '*', or '*'")
            if len(pattern) >= _LITERAL_SCORE:
                raise ValueError(
                    f"{where}: {pattern[:30]!r}... has {len(pattern)} characters; fewer than {_LITERAL_SCORE}"
                )
        transaction, kind, description = (pattern.lower() for pattern in patterns)
        yield FeeRule(
            transaction_type=transaction,
            amount_type=kind,
            amount_description=description,
            category=category.name,
            is_cash_flow=category.is_cash_flow,
            provenance=provenance,
        )


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _refuse_contradictions(path: Path, rules: dict[tuple[str, str, str], FeeRule]) -> None:
    wild = [rule for rule in rules.values() if any(pattern.endswith("*") for pattern in rule.patterns)]
    for one in wild:
        for other in rules.values():
            if one.category == other.category:
                continue
            both = _intersection(one.patterns, other.patterns)
            if both is not None and both not in rules:
                raise ValueError(
                    f"{path}: {_show(one)} says {one.category} and {_show(other)} says {other.category}; both match "
                    f"{both} and neither is more specific: add a rule for {both}"
                )


def _intersection(one: tuple[str, str, str], other: tuple[str, str, str]) -> tuple[str, str, str] | None:
    """Return the patterns that match what both match; None if nothing does. The more specific one's own, if there is one."""
    both = []
    for a, b in zip(one, other, strict=True):
        narrow, wide = (a, b) if _score(a) >= _score(b) else (b, a)
        if narrow != wide and not (wide.endswith("*") and narrow.rstrip("*").startswith(wide[:-1])):
            return None
        both.append(narrow)
    return (both[0], both[1], both[2])


def _score(pattern: str) -> int:
    return len(pattern) - 1 if pattern.endswith("*") else _LITERAL_SCORE


def _like(pattern: str) -> str:
    wild = pattern.endswith("*")
    text = pattern[:-1] if wild else pattern
    for special in "!%_":
        text = text.replace(special, "!" + special)
    return text + ("%" if wild else "")


def _show(rule: FeeRule) -> str:
    return f"({' / '.join(rule.patterns)})"
