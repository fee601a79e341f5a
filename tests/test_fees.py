"""The fee dictionary: what it knows, and what it refuses."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from tieout.fees import FeeDictionary, fee_dictionary, load_fee_dictionary

CATEGORIES = {
    "sales": {"cash_flow": False, "meaning": "Sales."},
    "fees": {"cash_flow": False, "meaning": "Fees."},
    "moves": {"cash_flow": True, "meaning": "Money that moves."},
    "unknown": {"cash_flow": False, "meaning": "Unknown."},
}


def rule(transaction: object, kind: object, description: object, category: str) -> dict[str, object]:
    return {
        "transaction": transaction,
        "type": kind,
        "description": description,
        "category": category,
        "source": "page",
    }


def written(folder: Path, *rules: dict[str, object]) -> Path:
    path = folder / "fees.yaml"
    path.write_text(yaml.safe_dump({"categories": CATEGORIES, "sources": {"page": "A page"}, "rules": list(rules)}))
    return path


def test_a_list_stands_for_each_of_its_members_and_case_does_not_matter(tmp_path: Path) -> None:
    path = written(tmp_path, rule(["Order", "Refund"], "ItemFees", ["Commission", "ShippingHB"], "fees"))
    found = load_fee_dictionary(path)
    assert [rule.patterns for rule in found.rules] == [
        ("order", "itemfees", "commission"),
        ("order", "itemfees", "shippinghb"),
        ("refund", "itemfees", "commission"),
        ("refund", "itemfees", "shippinghb"),
    ]
    assert {rule.provenance for rule in found.rules} == {"A page"}


def test_the_version_is_of_what_the_rules_say_not_of_their_order(tmp_path: Path) -> None:
    one, other = rule("a", "b", "c", "fees"), rule("d", "e", "f", "moves")
    version = load_fee_dictionary(written(tmp_path, one, other)).version
    assert load_fee_dictionary(written(tmp_path, other, one)).version == version
    assert load_fee_dictionary(written(tmp_path, one, {**other, "category": "fees"})).version != version


@pytest.mark.parametrize(
    ("rules", "says"),
    [
        ([rule("a", "b", "c", "fees"), rule("A", "b", "c", "sales")], "rule 2 repeats"),
        ([rule("a", "*", "c", "fees"), rule("*", "b", "c", "sales")], r"add a rule for \('a', 'b', 'c'\)"),
        ([rule("a", "b*", "c", "fees"), rule("*", "bc*", "c", "sales")], r"add a rule for \('a', 'bc\*', 'c'\)"),
        ([rule("a", "b", "c", "nothing")], "'nothing' is not a category"),
        ([rule("a", "b", "c", "unknown")], "'unknown' is not a category that a rule can give"),
        ([rule("a", "*b", "c", "fees")], r"'\*b' is not a text"),
        ([rule("a", " b", "c", "fees")], "' b' is not a text"),
        ([rule("a", "b", 5, "fees")], "5 is not a text"),
        ([{**rule("a", "b", "c", "fees"), "source": "elsewhere"}], "elsewhere"),
        ([{"transaction": "a"}], "it must have"),
    ],
)
def test_what_cannot_be_meant_is_refused(tmp_path: Path, rules: list[dict[str, object]], says: str) -> None:
    path = written(tmp_path, *rules)
    with pytest.raises(ValueError, match=says) as refused:
        load_fee_dictionary(path)
    assert str(path) in str(refused.value)


@pytest.mark.parametrize(
    "rules",
    [
        # one is a part of the other
        [rule("*", "b", "*", "fees"), rule("a", "b", "c", "sales")],
        # both match (a, b, c), and a third rule decides it
        [rule("a", "*", "c", "fees"), rule("*", "b", "c", "sales"), rule("a", "b", "c", "moves")],
        # nothing matches both
        [rule("*", "b*", "c", "fees"), rule("a", "c*", "c", "sales")],
        # they agree
        [rule("a", "*", "c", "fees"), rule("*", "b", "c", "fees")],
    ],
)
def test_what_has_one_meaning_is_read(tmp_path: Path, rules: list[dict[str, object]]) -> None:
    assert isinstance(load_fee_dictionary(written(tmp_path, *rules)), FeeDictionary)


def test_the_more_specific_rule_has_the_higher_number(tmp_path: Path) -> None:
    rules = [
        rule("*", "*", "*", "fees"),
        rule("*", "b", "*", "sales"),
        rule("*", "b", "c*", "moves"),
        rule("*", "b", "cd*", "fees"),
        rule("*", "b", "cde", "sales"),
        rule("a", "b", "cde", "moves"),
    ]
    found = load_fee_dictionary(written(tmp_path, *reversed(rules))).rules
    by_pattern = {rule.patterns: rule.specificity for rule in found}
    in_order = [by_pattern[tuple(r[key] for key in ("transaction", "type", "description"))] for r in rules]
    assert in_order == sorted(set(in_order))


def test_signs_that_like_knows_are_plain_text(tmp_path: Path) -> None:
    path = written(tmp_path, rule("SAFE_T", "100%", "now!*", "fees"))
    assert load_fee_dictionary(path).rules[0].like == ("safe!_t", "100!%", "now!!%")


def test_only_money_that_moves_is_cash_flow() -> None:
    categories = fee_dictionary().categories.values()
    assert {category.name for category in categories if category.is_cash_flow} == {
        "reserve_held",
        "reserve_released",
        "balance_carried",
        "charge_to_seller",
        "bank_verification",
        "failed_transfer",
        "debt_adjustment",
        "loans",
    }


def test_every_category_but_unknown_has_a_rule() -> None:
    dictionary = fee_dictionary()
    assert {rule.category for rule in dictionary.rules} == set(dictionary.categories) - {"unknown"}


@pytest.mark.parametrize(
    "pair", ["ItemPrice", "ItemFees", "Promotion", "OtherFees", "ItemWithheldTax", "other-transaction"]
)
@pytest.mark.parametrize("part", ["Principal", "Shipping", "Giftwrap", "RestockingFee", "Other"])
def test_facilitator_tax_is_withheld_in_whichever_pair_of_columns(pair: str, part: str) -> None:
    """Flat File V1 writes it among the prices, among the fees, or elsewhere."""
    assert category("Order", pair, f"MarketplaceFacilitatorTax-{part}") == "tax_withheld"
    assert category("Refund", pair, f"MarketplaceFacilitatorTax-{part}") == "tax_withheld"


def category(*kind: str) -> str:
    """The category by the most specific rule."""

    def matches(pattern: str, text: str) -> bool:
        return text.lower().startswith(pattern[:-1]) if pattern.endswith("*") else text.lower() == pattern

    found = [
        rule
        for rule in fee_dictionary().rules
        if all(matches(pattern, text) for pattern, text in zip(rule.patterns, kind, strict=True))
    ]
    return max(found, key=lambda rule: rule.specificity).category if found else "unknown"
