"""Amazon's marketplaces, as the project knows them."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from tieout.documents import Region
from tieout.marketplaces import known_marketplaces, load_marketplaces

CURRENCIES = "currencies: {USD: {digits: 2}}\n"
US = (
    "{id: A, country: US, country_name: United States, region: NA, currency: USD, names: [Amazon.com],"
    " time_zone: America/Los_Angeles, seller_central: s}"
)


def test_all_23_are_there_in_their_regions() -> None:
    found = known_marketplaces().marketplaces.values()
    assert Counter(marketplace.region for marketplace in found) == {Region.NA: 4, Region.EU: 16, Region.FE: 3}
    assert len({marketplace.country for marketplace in found}) == 23


def test_only_the_yen_has_no_decimals() -> None:
    currencies = known_marketplaces().currencies
    assert {code: currency.digits for code, currency in currencies.items() if currency.digits != 2} == {"JPY": 0}
    assert set(currencies) == {marketplace.currency for marketplace in known_marketplaces().marketplaces.values()}


@pytest.mark.parametrize(
    ("name", "country"),
    [("Amazon.co.uk", "GB"), ("amazon.CO.JP", "JP"), ("Amazon.com", "US"), ("Amazon.com.be", "BE")],
)
def test_a_file_s_spelling_finds_its_marketplace(name: str, country: str) -> None:
    found = known_marketplaces().named(name)
    assert found is not None
    assert found.country == country


@pytest.mark.parametrize("name", ["Non-Amazon", "Non-Amazon CA", "", "Amazon.xyz"])
def test_other_names_are_no_marketplace(name: str) -> None:
    assert known_marketplaces().named(name) is None


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("marketplaces: []", "'currencies:'"),
        (CURRENCIES + f"marketplaces: [{US}, {US}]", "A stands there twice"),
        (CURRENCIES + f"marketplaces: [{US.replace('USD', 'EUR')}]", "EUR is not under 'currencies:'"),
        (CURRENCIES + f"marketplaces: [{US}, {US.replace('id: A', 'id: B')}]", "belongs to both A and B"),
        (CURRENCIES + f"marketplaces: [{US.replace('NA', 'SA')}]", "marketplace 1 is not well formed"),
        (CURRENCIES + f"marketplaces: [{US.replace('Los_Angeles', 'Nowhere')}]", "marketplace 1 is not well formed"),
    ],
)
def test_a_broken_file_is_refused_by_name(tmp_path: Path, content: str, says: str) -> None:
    path = tmp_path / "marketplaces.yaml"
    path.write_text(content)
    with pytest.raises(ValueError, match=says) as refused:
        load_marketplaces(path)
    assert str(path) in str(refused.value)
