"""The read copies of clients: all that is theirs, and nothing of another's."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from tests.staged import Settlement, Shelf, sale
from tests.warehouse.conftest import Rows
from tieout.documents import Region
from tieout.models import PERSISTENT, models
from tieout.settings import client_copy
from tieout.warehouse import Warehouse
from tieout.warehouse.clients import WORDS

CLIENTS = {"acme": ["acme_na"], "birch": ["birch_na", "birch_eu"]}


def everything(path: Path) -> dict[str, Rows]:
    with duckdb.connect(str(path), read_only=True) as con:
        return {
            name: con.execute(f"SELECT * FROM {name} ORDER BY ALL").fetchall()
            for name, model in models().items()
            if model.schema in PERSISTENT
        }


@pytest.fixture
def published(warehouse: Warehouse, shelf: Shelf, tmp_path: Path) -> Path:
    """The read copy of everything: one settlement of each client, with a fee that nobody knows."""
    for account, number in (("acme_na", "11"), ("birch_na", "22")):
        lines = [sale(f"{number}.00"), sale("1.00", amount_description=f"Fee only of {account}")]
        outcome = shelf.ready(f"{account}.{number}", Settlement(lines, number))
        warehouse.load([outcome], shelf.fetch, region=Region.NA, business_day=None, run_id=f"run of {account}")
    warehouse.build_marts()
    target = tmp_path / "published" / "tieout.duckdb"
    warehouse.publish(target)
    return target


def test_a_copy_holds_the_clients_rows_as_they_are_in_the_whole_and_names_no_other(
    warehouse: Warehouse, published: Path
) -> None:
    assert warehouse.publish_clients(published, CLIENTS) == ["acme", "birch"]
    whole = everything(published)
    for client, other in (("acme", "birch"), ("birch", "acme")):
        copy = everything(client_copy(published, client))
        assert other not in str(copy), client
        assert [row[:2] for row in copy["ops.read_copy"]] == [(client, ", ".join(sorted(CLIENTS[client])))]
        mine = {"acme": "11", "birch": "22"}[client]
        tie_out = [row for row in whole["mart.settlement_tie_out"] if mine in row]
        assert copy["mart.settlement_tie_out"] == tie_out != []
        assert copy["core.settlement_line"] == [row for row in whole["core.settlement_line"] if mine in row] != []
        assert copy["core.fee_category"] == whole["core.fee_category"] != []
        # of all that is in the whole, each table has at least what names the client
        for name, rows in whole.items():
            own = {row for row in rows if f"'{client}_" in str(row) and f"{other}_" not in str(row)}
            if models()[name].clients != "left out":
                assert own <= set(copy[name]), name
    unknown = everything(client_copy(published, "acme"))["mart.unknown_fee"]
    assert (len(unknown), len(whole["mart.unknown_fee"])) == (1, 2)


def test_a_copy_is_made_anew_only_when_the_whole_or_the_accounts_change_and_goes_with_the_client(
    warehouse: Warehouse, published: Path
) -> None:
    warehouse.publish_clients(published, CLIENTS)
    assert warehouse.publish_clients(published, CLIENTS) == []
    moved = {"acme": ["acme_na", "birch_na"], "birch": ["birch_eu"]}
    assert warehouse.publish_clients(published, moved) == ["acme", "birch"]
    assert "birch_na" not in str(everything(client_copy(published, "birch")))
    assert len(everything(client_copy(published, "acme"))["core.settlement"]) == 2
    assert warehouse.publish_clients(published, {"acme": ["acme_na", "birch_na"]}) == []
    assert not client_copy(published, "birch").parent.exists()


def test_every_table_says_what_a_client_sees_of_it() -> None:
    said = {model.name: model.clients for model in models().values() if model.schema in PERSISTENT}
    assert set(said.values()) <= WORDS
    for name, word in said.items():
        columns = {column.name for column in models()[name].columns}
        assert "account" in columns or word != "by account", name
