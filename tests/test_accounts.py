"""The accounts file, and what is said of a wrong one."""

from __future__ import annotations

from pathlib import Path

import pytest

from tieout.accounts import Account, accounts_by_client, kms_keys, load_accounts, load_developers
from tieout.documents import Region
from tieout.settings import CONFIG


def write(folder: Path, text: str) -> Path:
    path = folder / "accounts.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_the_example_is_right() -> None:
    assert [(a.name, a.region, a.connection) for a in load_accounts(CONFIG / "accounts.example.yaml")] == [
        ("acme_na", Region.NA, "tieout_acme_na"),
        ("acme_eu", Region.EU, "tieout_acme_eu"),
        ("acme_fe", Region.FE, "tieout_acme_japan"),
    ]


def test_the_connection_is_named_after_the_account(tmp_path: Path) -> None:
    path = write(tmp_path, "accounts: [{name: one, region: FE}]")
    assert load_accounts(path) == (Account(name="one", region=Region.FE, connection="tieout_one"),)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "no list under 'accounts:'"),
        ("accounts: {name: one}", "no list under 'accounts:'"),
        ("accounts: [{name: one, region: XX}]", "account 1 is not of the form"),
        ("accounts: [one]", "account 1 is not of the form"),
        ("accounts: [{name: one, region: NA, password: x}]", "account 1 is not of the form"),
        ("accounts: [{name: One, region: NA}]", "'One' may hold only a-z, 0-9 and _"),
        ("accounts: [{name: a/b, region: NA}]", "'a/b' may hold only a-z, 0-9 and _"),
        ("accounts: [{name: école, region: NA}]", "'école' may hold only a-z, 0-9 and _"),
        ("accounts: [{name: ａcme, region: NA}]", "may hold only a-z, 0-9 and _"),
        ("accounts: [{name: acme٣, region: NA}]", "may hold only a-z, 0-9 and _"),
        ("accounts: [{name: '', region: NA}]", "'' may hold only a-z, 0-9 and _"),
        (f"accounts: [{{name: {'a' * 41}, region: NA}}]", "and 40 characters at most"),
        ("accounts: [{name: one, region: NA}, {name: one, region: EU}]", "'one' stands there twice"),
        ("accounts: [{name: one, region: NA, since: 2024-06-01}]", "'since' of 'one' is for developers"),
        ("accounts: [{name: one, region: NA, client: acme}]", "'acme', who does not stand under 'clients:'"),
        ("accounts: []\nclients: acme", "'clients:' is no list"),
        ("accounts: []\nclients: [{name: Acme}]", "client name 'Acme' may hold only a-z, 0-9 and _"),
        ("accounts: []\nclients: [{name: acme}, {name: acme}]", "client 'acme' stands there twice"),
        ("accounts: []\nclients: [{name: acme, read_copy_to: s3://bucket}]", "has to be s3://bucket/prefix"),
        ("accounts: []\nclients: [acme]", "client 1 is not of the form"),
        (
            "accounts: []\ndevelopers: [{name: games, since: soon}]",
            "developer 1 is not of the form name, connection, client, since",
        ),
    ],
)
def test_a_wrong_file_is_named_with_its_entry(tmp_path: Path, text: str, message: str) -> None:
    path = write(tmp_path, text)
    with pytest.raises(ValueError, match=message) as caught:
        load_accounts(path)
    assert str(path) in str(caught.value)


def test_a_missing_file_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"copy include/config/accounts\.example\.yaml"):
        load_accounts(tmp_path / "none.yaml")


def test_developers_of_the_appstore_stand_beside_the_sellers(tmp_path: Path) -> None:
    path = tmp_path / "accounts.yaml"
    path.write_text("accounts: [{name: acme_na, region: NA}]\ndevelopers: [{name: acme_games}]\n")
    assert [account.name for account in load_accounts(path)] == ["acme_na"]
    (developer,) = load_developers(path)
    assert (developer.name, developer.region, developer.connection) == (
        "acme_games",
        Region.APPSTORE,
        "tieout_acme_games",
    )
    path.write_text("accounts: [{name: acme, region: NA}]\ndevelopers: [{name: acme}]\n")
    with pytest.raises(ValueError, match="'acme' stands there twice"):
        load_developers(path)
    path.write_text("accounts: [{name: acme, region: APPSTORE}]\n")
    with pytest.raises(ValueError, match="belongs under 'developers:'"):
        load_accounts(path)


def test_accounts_belong_to_clients(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        "clients: [{name: acme}, {name: birch, read_copy_to: s3://b/p, kms_key: 'arn:k'}, {name: new}]\n"
        "accounts: [{name: acme_na, region: NA, client: acme}, {name: own, region: EU}]\n"
        "developers: [{name: birch_games, client: birch}, {name: acme_games, client: acme}]",
    )
    assert accounts_by_client(path) == {"acme": ("acme_games", "acme_na"), "birch": ("birch_games",), "new": ()}
    assert kms_keys(path) == {"birch_games": "arn:k"}
