"""A read copy for each client: the rows of its own accounts, and nothing of another client's.

It is made of the read copy of everything, not of the warehouse, so that no load waits for it. Which rows of a table stand in
it, the model's header says (`Clients:`); a table with a column `account` needs no word.

| Word | Rows |
|---|---|
| by account | those of the client's accounts; a row without an account is nobody's |
| by document | those of documents that stand in the copy |
| by account or document | either of them |
| by payout | all but Amazon's own rates of payouts that do not stand in the copy |
| shared | all: nothing in it is an account's |
| made anew | those that the model's SELECT gives of the copy's own tables |
| left out | none: they are for the warehouse itself |
"""

from __future__ import annotations

import logging
import os
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from tieout.models import PERSISTENT, Model, build_order, models
from tieout.settings import client_copies, client_copy
from tieout.warehouse.files import half_copy, remove_database, sync_folder
from tieout.warehouse.tables import escaped, revision
from tieout.work import private_files

if TYPE_CHECKING:
    import duckdb

log = logging.getLogger(__name__)

_OWN_ACCOUNT = "t.account IN (SELECT o.name FROM own_account AS o)"
_OWN_DOCUMENT = "t.document_id IN (SELECT d.document_id FROM ops.document AS d)"
CONDITIONS = {
    "by account": _OWN_ACCOUNT,
    "by document": _OWN_DOCUMENT,
    "by account or document": f"{_OWN_ACCOUNT} OR {_OWN_DOCUMENT}",
    "by payout": "t.source <> 'amazon' OR t.origin IN (SELECT 'event group ' || g.event_group_id FROM core.event_group AS g)",
    "shared": "true",
}
"""Of a table called `t`: which rows stand in a client's copy, by the word of the model's header."""
MADE_ANEW, LEFT_OUT = "made anew", "left out"
WORDS = frozenset({*CONDITIONS, MADE_ANEW, LEFT_OUT})

_FIRST = ("ops.document", "core.event_group")
"""What the conditions of other tables look at."""


@private_files()
def publish_clients(
    published: Path, clients: Mapping[str, Sequence[str]], *, storage: str, row_group: int
) -> list[str]:
    """Make the read copies of clients that are older than the read copy of everything, and remove those of former clients.

    Args:
        published: The read copy of everything.
        clients: The accounts of each client, by our names for them.
        storage: Version of DuckDB's file, which readers have to know.
        row_group: Rows of a row group.

    Returns:
        The clients whose copy was made.

    Raises:
        OSError: If the disk has no room; the copies that were there stay.
    """
    root = client_copies(published)
    for folder in root.iterdir() if root.exists() else ():
        if folder.name not in clients:
            log.info("%s is no client any more: its read copy goes", folder.name)
            shutil.rmtree(folder)
    how = f"STORAGE_VERSION '{storage}', ROW_GROUP_SIZE {row_group}"
    return [client for client, accounts in clients.items() if _publish(published, client, sorted(accounts), how)]


def _publish(published: Path, client: str, accounts: Sequence[str], how: str) -> bool:
    import duckdb

    target = client_copy(published, client)
    target.parent.mkdir(parents=True, exist_ok=True)
    new = half_copy(target)
    remove_database(new)
    with duckdb.connect(config={"autoinstall_known_extensions": False, "autoload_known_extensions": False}) as con:
        con.execute(f"ATTACH '{escaped(published)}' AS whole (READ_ONLY)")
        con.execute("USE whole")
        made_of = (client, ", ".join(accounts), revision(con))
        if _made_of(target) == made_of:
            return False
        try:
            con.execute(f"ATTACH '{escaped(new)}' AS own ({how})")
            con.execute("USE own")
            con.execute("CREATE TEMP TABLE own_account AS SELECT unnest(?) AS name", [list(accounts)])
            _fill(con)
            con.execute("INSERT INTO ops.read_copy VALUES (?, ?, ?)", made_of)
            con.execute("CHECKPOINT own")
            con.execute("USE memory")
            con.execute("DETACH own")
            with open(new, "rb") as written:
                os.fsync(written.fileno())
            os.replace(new, target)
        finally:
            remove_database(new)
    sync_folder(target.parent)
    return True


def _made_of(target: Path) -> tuple[str, str, int] | None:
    """Of which client, accounts and revision a copy was made; None if there is none that can be read."""
    import duckdb

    if not target.exists():
        return None
    try:
        with duckdb.connect(str(target), read_only=True) as con:
            found = con.execute("SELECT client, accounts, revision FROM ops.read_copy").fetchall()
    except duckdb.Error:
        return None
    return found[0] if found else None


def _fill(con: duckdb.DuckDBPyConnection) -> None:
    for schema in PERSISTENT:
        con.execute(f"CREATE SCHEMA {schema}")
    kept = [model for model in models().values() if model.schema in PERSISTENT]
    for model in sorted(kept, key=lambda each: each.name not in _FIRST):
        con.execute(model.create())
        if model.clients in CONDITIONS:
            con.execute(_insert(model, f"whole.{model.name} AS t WHERE {CONDITIONS[model.clients]}"))
        for comment in model.comments():
            con.execute(comment)
    for model in build_order(models()):
        if model.clients == MADE_ANEW:
            con.execute(f"INSERT INTO {model.name} BY NAME {model.select}")


def _insert(model: Model, source: str) -> str:
    columns = ", ".join(f"t.{column.name}" for column in model.columns)
    return f"INSERT INTO {model.name} SELECT {columns} FROM {source}"
