"""The page Read copies: the DuckDB files that a user may take away, of everything or of their clients.

Whoever may see a client's accounts may take its read copy, and each copy that is taken stands in Airflow's audit log.
"""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from airflow.api_fastapi.auth.managers.models.base_user import BaseUser
from airflow.api_fastapi.core_api.security import GetUserDep
from fastapi import FastAPI, HTTPException, Request
from fastapi.responses import Response, StreamingResponse

from tieout.accounts import accounts_by_client
from tieout.settings import client_copy, settings
from tieout.web import store
from tieout.web.access import may_see
from tieout.web.answers import page
from tieout.web.headers import HEADERS

CHUNK = 1 << 20
"""Bytes that are sent at once."""


@dataclass(frozen=True)
class ReadCopy:
    """One read copy on the page.

    Attributes:
        client: Whose it is; None for the copy of everything.
        accounts: The accounts that it holds; none are named for the copy of everything.
        path: Where the file stands.
        made_at: When it was made, UTC; None if it has not been made yet.
        size: Bytes; None likewise.
    """

    client: str | None
    accounts: tuple[str, ...]
    path: Path
    made_at: dt.datetime | None
    size: int | None


def add_pages(app: FastAPI) -> None:
    """Add the routes to the app of Tieout's pages."""

    @app.get("/read-copies")
    def read_copies(request: Request, user: GetUserDep) -> Response:
        copies = _copies(user)
        if not copies:
            raise _refused()
        return page(request, "read_copies.html", copies=copies)

    @app.get("/read-copies/all")
    def take_all(user: GetUserDep) -> Response:
        return _take(None, user)

    @app.get("/read-copies/of/{client}")
    def take(client: str, user: GetUserDep) -> Response:
        return _take(client, user)


def _copies(user: BaseUser) -> list[ReadCopy]:
    """The read copies that a user may take."""
    published = settings().published_warehouse
    try:
        clients = accounts_by_client(settings().accounts_file)
    except (FileNotFoundError, ValueError) as error:
        raise HTTPException(500, "The accounts file cannot be read; an administrator finds why in the log.") from error
    found = [_copy(None, (), published)] if may_see(user, None) else []
    return found + [
        _copy(client, accounts, client_copy(published, client))
        for client, accounts in sorted(clients.items())
        if may_see(user, client)
    ]


def _copy(client: str | None, accounts: tuple[str, ...], path: Path) -> ReadCopy:
    try:
        found = path.stat()
    except FileNotFoundError:
        return ReadCopy(client, accounts, path, None, None)
    return ReadCopy(client, accounts, path, dt.datetime.fromtimestamp(found.st_mtime, dt.UTC), found.st_size)


def _take(client: str | None, user: BaseUser) -> Response:
    copy = next((copy for copy in _copies(user) if copy.client == client), None)
    if copy is None:  # the same answer for a client who is not there: nobody learns whom the agency works for
        raise _refused()
    try:
        file = copy.path.open("rb")
    except FileNotFoundError as error:
        raise HTTPException(404, "The read copy has not been made yet; the DAG warehouse makes it.") from error
    size = os.fstat(file.fileno()).st_size
    store.note("tieout_read_copy_taken", user.get_name(), client=client or "everything", bytes=size)
    name = f"tieout-{client}.duckdb" if client else "tieout.duckdb"
    return StreamingResponse(
        _chunks(file),
        media_type="application/octet-stream",
        headers={**HEADERS, "Content-Length": str(size), "Content-Disposition": f'attachment; filename="{name}"'},
    )


def _chunks(file: BinaryIO) -> Iterator[bytes]:
    """The file as it was when it was opened, also if a new copy takes its place meanwhile."""
    with file:
        while chunk := file.read(CHUNK):
            yield chunk


def _refused() -> HTTPException:
    return HTTPException(403, "You may not see these accounts. Ask an administrator of this Airflow for a role.")
