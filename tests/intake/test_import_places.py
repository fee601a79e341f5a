"""Imports read from the places that an administrator names, and a file that is no report is quoted nowhere."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.intake.small_world import ACCOUNT, flat_file
from tieout.documents import DocumentOutcome, Reason, State
from tieout.intake import imports, places
from tieout.intake.imports import NothingToImport, import_id, receive_files
from tieout.intake.places import import_place
from tieout.intake.settling import check, read, settle
from tieout.lake import Keys, Lake
from tieout.settings import settings

Allow = Callable[[str], None]


@pytest.fixture
def allow(monkeypatch: pytest.MonkeyPatch) -> Allow:
    """Have the administrator name the places, as `TIEOUT_IMPORT_PLACES` does."""
    settings()  # what is remembered for other tests is made before the environment changes

    def name(places: str) -> None:
        monkeypatch.setenv("TIEOUT_IMPORT_PLACES", places)
        chosen = settings.__wrapped__()
        monkeypatch.setattr(imports, "settings", lambda: chosen)

    return name


@pytest.fixture
def inside(tmp_path: Path, allow: Allow) -> Path:
    """The allowed folder, with a settlement in it; a secret lies beside it."""
    folder = tmp_path / "imports"
    folder.mkdir()
    (folder / "settlement.txt").write_bytes(flat_file(0, "10.00"))
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / "key").write_text("wJalrXUtnFEMI/K7MDENG")
    allow(str(folder))
    return folder


def take_in(lake: Lake, source: str) -> dict[str, DocumentOutcome]:
    (listing,) = receive_files(lake, source, ACCOUNT.name, [ACCOUNT])
    read(lake, listing.documents)
    check(lake, listing.documents, None)
    key = Keys.import_outcomes(import_id(source, ACCOUNT.name), ACCOUNT.name)
    return {each.document.file_name or "": each for each in settle(lake, listing, key).outcomes}


def refused(lake: Lake, source: str) -> str:
    with pytest.raises(NothingToImport) as nothing:
        receive_files(lake, source, ACCOUNT.name, [ACCOUNT])
    assert list(lake.keys("")) == []
    return str(nothing.value)


def test_a_folder_is_read_if_it_is_at_or_below_an_allowed_one(lake: Lake, inside: Path) -> None:
    assert take_in(lake, str(inside))["settlement.txt"].state is State.READY
    below = inside / "2024"
    below.mkdir()
    assert import_place(str(below), [str(inside)]).root == str(inside)


@pytest.mark.parametrize("source", ["secrets", "imports/../secrets", "imports/link", ".", "imports-of-another"])
def test_no_other_folder_is_read(lake: Lake, inside: Path, tmp_path: Path, source: str) -> None:
    (inside / "link").symlink_to(tmp_path / "secrets")
    (tmp_path / "imports-of-another").mkdir()
    message = refused(lake, f"{tmp_path}/{source}")
    assert f"They may lie in {inside} or below" in message
    assert "TIEOUT_IMPORT_PLACES" in message


def test_a_relative_folder_is_not_guessed_at(inside: Path) -> None:
    with pytest.raises(NothingToImport, match="may not be imported"):
        import_place(os.path.relpath(inside), [str(inside)])


@pytest.mark.parametrize("kind", ["link to a file", "link to a folder", "pipe"])
def test_links_and_devices_stop_an_import(lake: Lake, inside: Path, tmp_path: Path, kind: str) -> None:
    """A pipe would have the worker wait for ever."""
    odd = inside / "2024" / "odd.txt"
    odd.parent.mkdir()
    if kind == "pipe":
        os.mkfifo(odd)
    else:
        odd.symlink_to(tmp_path / ("secrets/key" if kind == "link to a file" else "secrets"))
    message = refused(lake, str(inside))
    assert message.startswith("'2024/odd.txt' under ")
    assert ("is not a regular file" if kind == "pipe" else "is a link") in message


def test_a_file_that_becomes_a_link_after_it_was_listed_is_not_read(inside: Path, tmp_path: Path, lake: Lake) -> None:
    place = import_place(str(inside), [str(inside)])
    below = inside / "2024"
    below.mkdir()
    (below / "key").write_bytes(flat_file(1, "10.00"))
    assert list(place.files(lake)) == ["2024/key", "settlement.txt"]
    below.rename(tmp_path / "moved")
    below.symlink_to(tmp_path / "secrets")
    with pytest.raises(NothingToImport, match="is a link, or lies below one"):
        place.fetch(lake, "2024/key", tmp_path / "copy")
    assert not (tmp_path / "copy").exists()


def test_a_file_that_is_too_large_stops_an_import(lake: Lake, inside: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(places, "LARGEST", 10)
    assert "bytes, and the largest file that is imported has 10" in refused(lake, str(inside))


@pytest.fixture
def other_bucket(s3_client: object, lake: Lake) -> Iterator[str]:
    name = f"{lake.bucket}-hr"
    s3_client.create_bucket(Bucket=name)  # type: ignore[attr-defined]
    other = Lake(s3_client, name)  # type: ignore[arg-type]
    other.put("2026/pay.txt", b"Jane Doe 250000 EUR")
    other.put("amazon/settlement.txt", flat_file(0, "10.00"))
    other.put("amazon-of-another/settlement.txt", flat_file(0, "10.00"))
    yield name
    for key in list(other.keys("")):
        other.delete(key)
    s3_client.delete_bucket(Bucket=name)  # type: ignore[attr-defined]


def test_only_an_allowed_prefix_of_a_bucket_is_read(lake: Lake, other_bucket: str, allow: Allow) -> None:
    allow(f"s3://{other_bucket}/amazon")
    for source in ("", "/2026", "/amazon-of-another", "/amazon/../2026"):
        assert "may not be imported from" in refused(lake, f"s3://{other_bucket}{source}")
    assert "may not be imported from" in refused(lake, f"s3://{lake.bucket}/raw")
    (outcome,) = take_in(lake, f"s3://{other_bucket}/amazon/").values()
    assert outcome.state is State.READY


@pytest.mark.parametrize("places", ["imports", "s3://", "/data,relative"])
def test_a_setting_that_names_no_place_is_refused(monkeypatch: pytest.MonkeyPatch, places: str) -> None:
    monkeypatch.setenv("TIEOUT_IMPORT_PLACES", places)
    with pytest.raises(ValueError, match="is neither the whole path of a folder nor s3://bucket/prefix"):
        settings.__wrapped__()


def test_one_folder_of_the_home_is_allowed_by_default(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("TIEOUT_IMPORT_PLACES")
    monkeypatch.setenv("TIEOUT_HOME", str(tmp_path))
    assert settings.__wrapped__().import_places == (str(tmp_path / "imports"),)


SECRET = "Jane Doe 250000 wJalrXUtnFEMI"
NO_REPORTS = {
    "line.txt": SECRET.encode(),
    "environ": f"A=1\0PASSWORD={SECRET}\0".encode(),
    "header-with-nul.txt": f"{SECRET}\tvalue\nx\0\ty\n".encode(),
    "not-utf8.txt": f"{SECRET}\tvalue\n{SECRET}\x81\x8d\n".encode("latin-1"),
    "table.csv": f"name,{SECRET}\n1,2\n".encode(),
    "names.json": f'{{"{SECRET}": 1}}'.encode(),
    "errors.json": f'{{"errors": ["{SECRET}"]}}'.encode(),
    "more-errors.json": f'{{"errors": [{{"code": 1, "message": 2, "{SECRET}": 3}}]}}'.encode(),
    "cut.json": f'{{"{SECRET}": {SECRET}'.encode(),
    "page.html": f"<html>{SECRET}</html>".encode(),
    "japanese.txt": "秘密の給与\t値\n山田太郎\t二十五万円\n".encode("cp932"),
}


def all_text(lake: Lake) -> str:
    """Everything in the lake but the files as they were received."""
    keys = [key for key in lake.keys("") if not key.startswith(("raw/", "personal/")) or key.endswith(".json")]
    return "\n".join((lake.get(key) or b"").decode(errors="replace") for key in keys)


def test_what_is_no_report_is_quoted_nowhere(lake: Lake, inside: Path, caplog: pytest.LogCaptureFixture) -> None:
    for name, body in NO_REPORTS.items():
        (inside / name).write_bytes(body)
    with caplog.at_level(logging.DEBUG, logger="tieout"):
        outcomes = take_in(lake, str(inside))
    told = f"{all_text(lake)}\n{caplog.text}"
    for words in (*SECRET.split(), "秘密", "山田"):
        assert words not in told
    for name in NO_REPORTS:
        assert outcomes[name].state is State.QUARANTINED
    assert "the first has 29 characters and no separator" in outcomes["line.txt"].reasons[0].message


def test_a_reader_that_fails_on_an_unknown_file_quotes_nothing_of_it(
    lake: Lake, inside: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fails(*args: object, **kwargs: object) -> None:
        raise ValueError(f"invalid literal: {SECRET}")

    (inside / "line.txt").write_bytes(SECRET.encode())
    monkeypatch.setattr("tieout.intake.reading.recognise", fails)
    monkeypatch.setattr("tieout.reports.report.stage_report", fails)
    (reason,) = take_in(lake, str(inside))["line.txt"].reasons
    assert "the reader failed (ValueError in test_import_places.py, line " in reason.message
    assert "Jane" not in f"{all_text(lake)}\n{caplog.text}"


def test_names_of_files_and_columns_are_cut_and_escaped(lake: Lake, inside: Path) -> None:
    (inside / "a\nb\x1b[31m.txt").write_bytes(b"x")
    (inside / "\udcff.txt").write_bytes(b"y")
    header, rest = flat_file(1, "10.00").split(b"\n", 1)
    (inside / "wide.txt").write_bytes(header + b"\t" + b"z" * 5000 + b"\n" + rest)
    outcomes = take_in(lake, str(inside))
    assert r"a\nb\x1b[31m.txt" in outcomes
    assert r"\udcff.txt" in outcomes
    assert "z" * 300 not in all_text(lake)
    reasons: list[Reason] = [reason for each in outcomes.values() for reason in each.reasons]
    assert all(reason.message.isprintable() for reason in reasons)
