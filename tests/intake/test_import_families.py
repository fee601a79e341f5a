"""Files that a person downloaded, of every kind: read by what they are, or refused with a reason that can be acted on."""

from __future__ import annotations

import gzip
import io
import zipfile
from pathlib import Path

import pytest

from tests.intake.small_world import ACCOUNT, flat_file
from tieout.documents import DocumentOutcome, StagedFiles, StagedReport, State
from tieout.intake.imports import import_id, receive_files
from tieout.intake.settling import check, read, settle
from tieout.lake import Keys, Lake
from tieout.reports import report
from tieout.reports.families import FAMILIES

GOLDEN = Path(__file__).parents[1] / "reports" / "golden_families"


def take_in(lake: Lake, folder: Path) -> dict[str, DocumentOutcome]:
    """Import a folder; what became of each file, by its name."""
    (listing,) = receive_files(lake, str(folder), ACCOUNT.name, [ACCOUNT])
    read(lake, listing.documents)
    check(lake, listing.documents, None)
    key = Keys.import_outcomes(import_id(str(folder), ACCOUNT.name), ACCOUNT.name)
    return {each.document.file_name or "": each for each in settle(lake, listing, key).outcomes}


def spreadsheet() -> bytes:
    """As much of an .xlsx file as tells that it is one."""
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w") as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("xl/workbook.xml", "<workbook/>")
    return body.getvalue()


ORDERS = (GOLDEN / "orders-uk.txt").read_bytes()
REFUSED = {
    "settlement.xml": (b"<?xml version='1.0'?><AmazonEnvelope><SettlementReport/></AmazonEnvelope>", "unknown_layout"),
    "page.html": (b"<!DOCTYPE html><html><body>Sign in</body></html>", "unknown_layout"),
    "book.xlsx": (spreadsheet(), "unknown_layout"),
    "statement.pdf": (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n<<>>\nendobj\n", "unknown_layout"),
    "nothing.txt": (b"", "empty_file"),
    "cut.txt.gz": (gzip.compress(ORDERS)[:-20], "damaged_file"),
    "cut.json": (b'{"accountStatuses": [', "damaged_file"),
    "other.json": (b'{"orders": []}', "unknown_layout"),
    "list.json": (b"[1, 2]", "unknown_layout"),
    "stock.txt": (b"sku\tquantity\nCUP\t3\n", "unknown_layout"),
    "bad-amount.txt": (ORDERS.replace(b"24.98", b"2x.98", 1), "bad_amount"),
}


@pytest.fixture(scope="module")
def outcomes(s3_client: object, tmp_path_factory: pytest.TempPathFactory) -> dict[str, DocumentOutcome]:
    """Everything at once, as it would lie in a folder."""
    folder = tmp_path_factory.mktemp("files")
    for path in GOLDEN.iterdir():
        if not path.name.endswith(".expected.json"):
            (folder / path.name).write_bytes(path.read_bytes())
    for name, (body, _) in REFUSED.items():
        (folder / name).write_bytes(body)
    (folder / "settlement.txt").write_bytes(flat_file(0, "10.00", "-1.50"))
    (folder / "latin1.txt").write_bytes((GOLDEN / "fba_returns-es.txt").read_bytes() + b"\n")
    s3_client.create_bucket(Bucket="import-families")  # type: ignore[attr-defined]
    return take_in(Lake(s3_client, "import-families"), folder)  # type: ignore[arg-type]


def test_files_of_every_family_are_read_by_name(outcomes: dict[str, DocumentOutcome]) -> None:
    """Pains 21, 22: headers in any language and any encoding."""
    families = set()
    for path in GOLDEN.iterdir():
        if path.name.endswith(".expected.json"):
            continue
        outcome = outcomes[path.name]
        assert isinstance(outcome.staged, StagedReport), (path.name, outcome.reasons)
        assert outcome.state is State.READY
        assert outcome.document.report_type == f"IMPORTED_{outcome.staged.reading.family.upper()}"
        assert outcome.reader_version == report.READER_VERSION
        assert path.name.startswith(outcome.staged.reading.family)
        families.add(outcome.staged.reading.family)
    assert families >= {name for name, family in FAMILIES.items() if family.report_types[0].startswith(("GET", "SC"))}


def test_settlements_go_their_own_way_under_their_old_name(outcomes: dict[str, DocumentOutcome]) -> None:
    outcome = outcomes["settlement.txt"]
    assert outcome.state is State.READY
    assert isinstance(outcome.staged, StagedFiles)
    assert outcome.document.report_type == "IMPORTED_SETTLEMENT_FLAT_FILE"


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_report_is_refused_with_the_reason(outcomes: dict[str, DocumentOutcome], name: str) -> None:
    outcome = outcomes[name]
    assert outcome.state is State.QUARANTINED
    assert outcome.reasons[0].code.value == REFUSED[name][1], outcome.reasons[0].message
    assert name in outcome.reasons[0].message


def test_an_imported_report_is_as_old_as_the_latest_day_in_it(outcomes: dict[str, DocumentOutcome]) -> None:
    """A file of last year that is imported today must not replace what Amazon said since."""
    import datetime as dt

    made = outcomes["fba_returns-us.txt"].document.created_at
    assert made < dt.datetime.now(dt.UTC) - dt.timedelta(days=1)


def test_a_file_that_no_reader_has_foreseen_keeps_no_other_out(
    lake: Lake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a.txt").write_bytes((GOLDEN / "fba_returns-us.txt").read_bytes())
    (tmp_path / "b.txt").write_bytes(flat_file(0, "10.00"))

    def fails(*args: object, **kwargs: object) -> None:
        raise IndexError("list index out of range")

    monkeypatch.setattr(report, "stage_report", fails)
    outcomes = take_in(lake, tmp_path)
    assert outcomes["b.txt"].state is State.READY
    (reason,) = outcomes["a.txt"].reasons
    assert reason.code.value == "reader_failed"
    assert "a.txt: the reader failed (IndexError: list index out of range)" in reason.message
