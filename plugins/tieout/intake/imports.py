"""Take in files that a person downloaded by hand, settlements and reports: history beyond Amazon's 90 days.

The files lie in a folder or under an S3 prefix that is allowed for it (`TIEOUT_IMPORT_PLACES`): those of one account, or
one sub-folder an account. They go the same way as what the API gives: kept as they are, read, checked, quarantined or
loaded.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import logging
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from tieout.accounts import Account
from tieout.bounded import BoundedProcess, Limits, Stopped
from tieout.documents import Document, RawFile, ReasonCode, Region, Source
from tieout.intake.places import NothingToImport, import_place
from tieout.intake.reading import IMPORTED_UNKNOWN, type_of
from tieout.intake.receiving import keep_raw, write_down
from tieout.intake.records import Listing, Manifest, Quarantined
from tieout.intake.settling import forget
from tieout.lake import Keys, Lake
from tieout.reports.errors import named, shown
from tieout.settings import settings
from tieout.work import work_folder

log = logging.getLogger(__name__)


__all__ = ["NothingToImport", "import_id", "read_listings", "receive_files"]


def import_id(source: str, account: str | None) -> str:
    """Name an import by what it takes in, so that doing it again finds what was done before."""
    return hashlib.sha256(f"{source}\n{account or ''}".encode()).hexdigest()[:16]


def receive_files(lake: Lake, source: str, account: str | None, accounts: Sequence[Account]) -> list[Listing]:
    """Keep every file as it is, and write down which there are.

    :param source: a folder, or `s3://bucket/prefix`.
    :param account: whose files they are; None when each account has a sub-folder of its name.
    :return: a listing for each account that has files.
    :raises NothingToImport: if there is no file, one of them may not be read, a file belongs to no known account, or the
        account is unknown.
    """
    place = import_place(source, settings().import_places)
    known = {each.name: each for each in accounts}
    if account and account not in known:
        raise NothingToImport(f"there is no account {account!r}; the accounts file names {', '.join(sorted(known))}")
    today = dt.datetime.now(dt.UTC).date()
    found: dict[str, list[Document]] = defaultdict(list)
    strangers: list[str] = []
    with (
        work_folder("import") as folder,
        BoundedProcess(Limits.of_reader()) as reader,
    ):
        body = folder / "body"
        for name in list(place.files(lake)):
            owner = account or (PurePosixPath(name).parts[0] if "/" in name else "")
            if owner not in known:
                strangers.append(name)
                continue
            place.fetch(lake, name, body)
            found[owner].append(_keep(lake, reader, known[owner], name, body, today))
    if strangers:
        raise NothingToImport(
            f"{len(strangers)} files under {source} belong to no known account, the first is {shown(strangers[0], 200)}: "
            f"put each account's files into a folder of its name ({', '.join(sorted(known))}), or name the account"
        )
    if not found:
        raise NothingToImport(f"there is no file under {source}")
    listings = []
    for owner, documents in sorted(found.items()):
        listing = Listing(
            region=known[owner].region,
            account=owner,
            business_day=today,
            listed_at=dt.datetime.now(dt.UTC),
            documents=write_down(lake, known[owner], list({each.document_id: each for each in documents}.values())),
        )
        lake.put_record(Keys.import_listing(import_id(source, account), owner), listing)
        listings.append(listing)
    return listings


def read_listings(lake: Lake, source: str, account: str | None) -> list[Listing]:
    """Return the listings that `receive_files` wrote.

    :raises FileNotFoundError: if there is none.
    """
    prefix = Keys.import_listings(import_id(source, account))
    listings = [listing for key in lake.keys(prefix) if (listing := lake.get_record(key, Listing))]
    if not listings:
        raise FileNotFoundError(
            f"s3://{lake.bucket}/{prefix} holds nothing: run the task that receives the files first"
        )
    return listings


def _keep(lake: Lake, reader: BoundedProcess, account: Account, name: str, body: Path, today: dt.date) -> Document:
    content = hashlib.sha256()
    with body.open("rb") as file:
        while chunk := file.read(1 << 20):
            content.update(chunk)
    now = dt.datetime.now(dt.UTC)
    document = Document(
        document_id=f"{account.name}.import-{content.hexdigest()[:16]}",
        source=Source.IMPORT,
        region=Region(account.region),
        account=account.name,
        report_type=_type_of(reader, body, name),
        file_name=named(name, 400),
        created_at=now,
        first_listed_on=today,
    )
    manifest = lake.get_record(Keys.raw_manifest(document), Manifest)
    gone = manifest is not None and manifest.raw.redacted is not None and manifest.raw.redacted.refused is not None
    if manifest is None or gone or _has_changed(lake, document):
        forget(lake, document)
        raw = RawFile(
            key=Keys.raw_body(document), size=body.stat().st_size, sha256=content.hexdigest(), received_at=now
        )
        keep_raw(lake, document, raw, body)
    return document


def _has_changed(lake: Lake, document: Document) -> bool:
    """Whether a document is in quarantine because its bytes in the lake are not those that were received."""
    held = lake.get_record(Keys.quarantine(document), Quarantined)
    return held is not None and any(reason.code is ReasonCode.RAW_DIFFERS for reason in held.reasons)


def _type_of(reader: BoundedProcess, body: Path, name: str) -> str:
    """What a file is; one that is of no known kind is kept too, and refused with the reason when it is read."""
    try:
        found, failed = reader.call(type_of, body, name)
    except Stopped as stopped:
        found, failed = IMPORTED_UNKNOWN, str(stopped)
    if failed:
        log.error("%s cannot be recognised: %s", named(name), failed)
    return found
