"""What reports tell of persons is not staged and not quoted; what is hashed has one name for one value."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from tests.reports.test_golden_families import FILES, GOLDEN
from tieout.documents import ReportReading
from tieout.privacy import PERSONAL_REPORTS, Privacy, is_hashed, may_hold_persons
from tieout.reports.errors import Refused
from tieout.reports.families import FAMILIES
from tieout.reports.family import Family, Format
from tieout.reports.report import stage_report

KEY = Privacy((b"k" * 32,))
PLANTED = {
    "name": "Wilhelmine Quastenflosser",
    "address": "Krummer Weg 7b Hinterhaus",
    "email": "wilhelmine@quastenflosser.example",
    "phone": "+49 171 9988776",
    "tax": "DE998877665",
    "comment": 'broke, said "Wilhelmine Quastenflosser"',
}
PERSONAL = [name for name, family in FAMILIES.items() if family.personal_columns]


def stage(path: Path, folder: Path, privacy: Privacy = KEY) -> tuple[ReportReading, list[dict[str, Any]]]:
    reading = stage_report(path, document_id="d", privacy=privacy, target=folder / "rows.parquet")
    return reading, pq.read_table(folder / "rows.parquet").to_pylist()


def planted(family: Family, extra: bool = True, quoted: bool | None = None, **cells: str) -> bytes:
    """A file of one row, whose personal columns, and some that nobody declared, tell of a person."""
    values = iter(PLANTED.values())
    given = {column.name: next(values, PLANTED["name"]) for column in family.personal_columns} | cells
    header = [column.name for column in family.columns]
    row = [given.get(column.name) or sensible(family, column.name) for column in family.columns]
    if extra:
        header += ["buyer-email", "recipient-name", "buyer-phone-number"]
        row += [PLANTED["email"], PLANTED["name"], PLANTED["phone"]]
    out = io.StringIO()
    if "*" in {column.currency for column in family.columns}:
        out.write("All amounts in EUR\n")
    if family.format is Format.CSV if quoted is None else quoted:
        csv.writer(out, lineterminator="\n").writerows([header, row])
    else:
        out.write("\t".join(header) + "\n" + "\t".join(row) + "\n")
    return out.getvalue().encode()


def sensible(family: Family, name: str) -> str:
    """A value that a column accepts."""
    column = next(each for each in family.columns if each.name == name)
    if name == "marketplace":
        return "Amazon.de"
    kinds = {"text": "x", "money": "10.00", "currency": "EUR", "whole": "1", "decimal": "1.5", "flag": "true"}
    return kinds.get(str(column.kind), "2026-08-31")


def test_the_personal_reports_are_those_of_families_with_personal_columns() -> None:
    types = {
        name
        for family in FAMILIES.values()
        if family.personal_columns
        for name in (*family.report_types, f"IMPORTED_{family.name.upper()}")
    }
    assert types | {"IMPORTED_UNKNOWN"} == PERSONAL_REPORTS
    assert may_hold_persons("SC_VAT_TAX_REPORT", "DONE")
    assert not may_hold_persons("SC_VAT_TAX_REPORT", "FATAL")  # Amazon's explanation
    assert not may_hold_persons("GET_V2_SETTLEMENT_REPORT_DATA_FLAT_FILE_V2", "DONE")


@pytest.mark.parametrize("name", PERSONAL)
def test_no_personal_value_is_staged(name: str, tmp_path: Path) -> None:
    path = tmp_path / "report"
    path.write_bytes(planted(FAMILIES[name]))
    reading, (row,) = stage(path, tmp_path)
    assert reading.family in (name, FAMILIES[name].same_columns_as)
    staged = json.dumps(row, default=str)
    assert [value for value in PLANTED.values() if value in staged or value.split()[-1] in staged] == []
    assert json.loads(row["extra"]) == dict.fromkeys(("buyer-email", "recipient-name", "buyer-phone-number"))
    for column in FAMILIES[name].personal_columns:
        assert is_hashed(row[column.name]) if column.hashed else row[column.name] is None
    content = (tmp_path / "rows.parquet").read_bytes()
    assert not any(value.encode() in content for value in PLANTED.values())


def test_a_value_has_one_hash_under_one_key_and_none_without(tmp_path: Path) -> None:
    family, path = FAMILIES["gst_b2b"], tmp_path / "report"
    path.write_bytes(planted(family, customer_bill_to_gstid="29ABCDE1234F2Z5"))
    first = stage(path, tmp_path)[1][0]["customer_bill_to_gstid"]
    path.write_bytes(planted(family, customer_bill_to_gstid=" 29abcde1234f2z5"))
    assert stage(path, tmp_path)[1][0]["customer_bill_to_gstid"] == first
    assert first == f"{KEY.key_id}:{KEY.digest('29ABCDE1234F2Z5')[:32]}"
    other = Privacy((b"o" * 32,))
    assert stage(path, tmp_path, other)[1][0]["customer_bill_to_gstid"] not in (None, first)
    assert stage(path, tmp_path, Privacy())[1][0]["customer_bill_to_gstid"] is None
    kept = Privacy(kept=frozenset({"gst_b2b.customer_bill_to_gstid"}))
    assert stage(path, tmp_path, kept)[1][0]["customer_bill_to_gstid"] == " 29abcde1234f2z5"
    # what is hashed stays as it is, when a report is read whose personal values are gone
    path.write_bytes(planted(family, customer_bill_to_gstid=first))
    assert stage(path, tmp_path, other)[1][0]["customer_bill_to_gstid"] == first


def test_users_can_be_counted(tmp_path: Path) -> None:
    rows = stage(GOLDEN / "appstore_sales-en.csv", tmp_path)[1]
    plain = stage(GOLDEN / "appstore_sales-en.csv", tmp_path, Privacy(kept=frozenset({"appstore_sales.app_user_id"})))[
        1
    ]
    assert len({row["app_user_id"] for row in rows}) == len({row["app_user_id"] for row in plain}) > 1


@pytest.mark.parametrize(
    ("cells", "says"),
    [
        # a line that lost a field: what stood beside it stands in a column of another kind
        ({"item_price": PLANTED["name"]}, "a value of 25 characters (letters and spaces) is not a number"),
        ({"purchase": PLANTED["phone"]}, "a value of 15 characters (digits, signs and spaces) is not a date"),
        ({"currency": PLANTED["name"]}, "(letters and spaces) is not a currency"),
        ({"is_business_order": PLANTED["email"]}, "(letters and signs) is neither true nor false"),
        ({"quantity": PLANTED["address"]}, "is not a whole number"),
        ({"item_price": "1.005"}, "'1.005' is not a number"),
    ],
)
def test_no_message_quotes_a_person(cells: dict[str, str], says: str, tmp_path: Path) -> None:
    path = tmp_path / "report"
    path.write_bytes(planted(FAMILIES["orders"], **cells))
    with pytest.raises(Refused) as refused:
        stage(path, tmp_path)
    reason = refused.value.reason
    assert says in reason.message
    assert (reason.line, reason.column) == (2, next(iter(cells)))
    assert not any(value in reason.message for value in PLANTED.values())


def test_a_hashed_identifier_that_lost_digits_is_refused_without_quoting_it(tmp_path: Path) -> None:
    path = tmp_path / "report"
    path.write_bytes(planted(FAMILIES["gst_b2b"], customer_bill_to_gstid="2.9E+14"))
    with pytest.raises(Refused, match="scientific notation") as refused:
        stage(path, tmp_path)
    assert "2.9E+14" not in refused.value.reason.message


def test_an_answer_keeps_the_values_of_known_names_alone(tmp_path: Path) -> None:
    path = tmp_path / "answer"
    related = [
        {"relatedIdentifierName": "SHIPMENT_ID", "relatedIdentifierValue": "S1"},
        {"relatedIdentifierName": "BUYER_EMAIL", "relatedIdentifierValue": PLANTED["email"]},
    ]
    answer = {"transactions": [{"transactionId": "T1", "relatedIdentifiers": related, "buyerName": PLANTED["name"]}]}
    path.write_text(json.dumps(answer))
    (row,) = stage(path, tmp_path)[1]
    assert json.loads(row["extra"]) == {"SHIPMENT_ID": "S1", "BUYER_EMAIL": None}
    metrics = {"marketplaceId": "A1", "newMetric": {"status": "GOOD", "contact": {"name": PLANTED["name"]}}}
    path.write_text(json.dumps({"accountStatuses": [], "performanceMetrics": [metrics]}))
    (row,) = stage(path, tmp_path)[1]
    assert (row["status"], json.loads(row["extra"])) == ("GOOD", {"contact": None})
    dated = {"transactions": [{"transactionId": "T1", "postedDate": PLANTED["name"]}]}
    path.write_text(json.dumps(dated))
    with pytest.raises(Refused) as refused:
        stage(path, tmp_path)
    assert PLANTED["name"] not in refused.value.reason.message


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_the_golden_files_give_no_personal_value(path: Path, tmp_path: Path) -> None:
    reading, rows = stage(path, tmp_path)
    for column in FAMILIES[reading.family].personal_columns:
        found = {row[column.name] for row in rows} - {None}
        assert all(column.hashed and is_hashed(value) for value in found)
