"""The read copies of clients: made, and put into the buckets that the accounts file names."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING

from tieout.accounts import accounts_by_client, load_clients
from tieout.alerts import Alert, AlertKind
from tieout.lake import Lake
from tieout.lake.handing_over import NotHandedOver, hand_over
from tieout.settings import client_copy

if TYPE_CHECKING:
    from tieout.warehouse import Warehouse

log = logging.getLogger(__name__)


def publish_clients(warehouse: Warehouse, lake: Lake, published: Path, accounts_file: Path) -> list[Alert]:
    """Make the read copies of clients from the read copy of everything, and hand over those that go elsewhere.

    Args:
        warehouse: Whose read copy it is.
        lake: Whose credentials put a copy into a client's bucket.
        published: The read copy of everything.
        accounts_file: Names the clients, their accounts, and where their copies go.

    Returns:
        An alert for each copy that a bucket refused; the others are in theirs.

    Raises:
        ValueError: If the accounts file is wrong.
        OSError: If the disk has no room for a copy.
    """
    made = warehouse.publish_clients(published, accounts_by_client(accounts_file))
    log.info("read copies made of clients: %s", ", ".join(made) or "none")
    refused = []
    for client in load_clients(accounts_file):
        if client.read_copy_to:
            try:
                hand_over(lake, client_copy(published, client.name), client.read_copy_to, client.kms_key)
            except NotHandedOver as error:
                subject = f"{client.name} to {client.read_copy_to}"
                refused.append(Alert(kind=AlertKind.READ_COPY_REFUSED, subject=subject, message=str(error)))
    return refused
