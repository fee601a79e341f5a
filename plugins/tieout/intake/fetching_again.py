"""Fetch a document again that was received before: because a person wants it, or because its bytes are in doubt.

What was received before is kept beside, and stands until others are there.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence

from tieout.amazon.clock import Clock
from tieout.amazon.selling_partner import SellingPartner
from tieout.documents import Document
from tieout.intake.receiving import keep_raw, receive
from tieout.intake.records import Manifest
from tieout.intake.settling import forget
from tieout.lake import Keys, Lake, present
from tieout.work import work_folder

log = logging.getLogger(__name__)

DOUBT = "doubt"


def fetch_doubtful(amazon: SellingPartner, lake: Lake, clock: Clock, documents: Sequence[Document]) -> int:
    """Fetch once more, and only once, what is in quarantine and came uncompressed.

    A document that was cut on its way, and whose length says so too, is found out by nothing but its checks: gzip would have
    vouched for it.

    :return: how many were fetched again now; they are to be read and checked as if it were the first time.
    :raises BudgetExhausted: when the budget is spent; call again at its `available_at`.
    """
    shelved = present(lake, map(Keys.quarantine_of, documents))
    known = present(lake, map(Keys.raw_of, documents))
    fetched = 0
    for document in documents:
        manifest = (
            lake.get_record(Keys.raw_manifest(document), Manifest) if Keys.quarantine(document) in shelved else None
        )
        again = Keys.raw_before(document, DOUBT, "manifest.json") in known
        if manifest is None or manifest.raw.compression is not None or again or document.processing_status != "DONE":
            continue
        log.info("%s is in quarantine and came uncompressed: it is fetched once more", document.document_id)
        forget(lake, document)
        fetch_again(amazon, lake, clock, document, DOUBT)
        fetched += 1
    return fetched


def fetch_again(amazon: SellingPartner, lake: Lake, clock: Clock, document: Document, occasion: str) -> None:
    """Fetch a document again, unless that was done before on this occasion.

    :param occasion: names it: the id of a decision, or `DOUBT`.
    :raises BudgetExhausted: when the budget is spent; call again at its `available_at`.
    """
    kept = Keys.raw_before(document, occasion, "manifest.json")
    manifest = lake.get_record(Keys.raw_manifest(document), Manifest)
    before = lake.get_record(kept, Manifest)
    if manifest and before and before.raw.received_at != manifest.raw.received_at:
        return  # it was fetched before the task was cut off
    if manifest:
        _keep(lake, document, occasion, manifest)
        lake.delete(Keys.raw_manifest(document))
    lake.delete(Keys.not_received(document))
    try:
        receive(amazon, lake, clock, [document])
    finally:
        if lake.get(Keys.raw_manifest(document)) is None and (old := lake.get_record(kept, Manifest)):
            _put_back(lake, document, occasion, old)


def _keep(lake: Lake, document: Document, occasion: str, manifest: Manifest) -> None:
    """Keep what was received before, unless its bytes are gone."""
    key = Keys.raw_before(document, occasion, "body")
    if manifest.raw.key.startswith(Keys.all_personal()):
        key = Keys.personal_before(document, occasion)
    with work_folder("keep") as folder:
        try:
            body = lake.get_file(manifest.raw.key, folder / "body")
        except FileNotFoundError:
            log.warning("%s: the bytes that were received are gone: there is nothing to keep", document.document_id)
            return
        lake.put_file(key, body)
    raw = manifest.raw.model_copy(update={"key": key})
    lake.put_record(Keys.raw_before(document, occasion, "manifest.json"), manifest.model_copy(update={"raw": raw}))


def _put_back(lake: Lake, document: Document, occasion: str, old: Manifest) -> None:
    with work_folder("keep") as folder:
        body = lake.get_file(old.raw.key, folder / "body")
        keep_raw(lake, document, old.raw.model_copy(update={"key": Keys.raw_body(document)}), body)
    lake.delete(Keys.raw_before(document, occasion, "manifest.json"))
