"""The Data Docs: complete, readable, and without anything from elsewhere."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.staged import Settlement, fee, sale, stage
from tieout.quality import StagedInput, check_documents, write_contents


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("docs")
    documents = {
        "acme_na.1": Settlement([sale("10.00")]),
        "acme_na.2": Settlement([sale("10.00")], control_total="12.00"),
        "acme_na.3": Settlement([sale("10.00"), fee("-1.00", "<b>Surprise</b>")]),
    }
    staged = [stage(folder / "staged", name, settlement) for name, settlement in documents.items()]
    inputs = [StagedInput(s.document_id, s.lines_path, s.settlements_path, s.reading) for s in staged]
    docs = folder / "site" / "acme_na" / "2026-08-16"
    docs.mkdir(parents=True)
    (docs / "left-over.html").write_text("of an earlier run")
    check_documents(inputs, docs_dir=docs)
    return docs


def text(page: Path) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page.read_text(encoding="utf-8").split("</style>")[-1]))


def test_the_first_page_shows_every_document_with_its_reasons(site: Path) -> None:
    page = text(site / "index.html")
    assert "3 documents" in page
    assert "1 passed, 1 passed with warnings, 1 quarantined" in page
    assert "control total 12.00 USD, 1 line sum to 10.00 USD: 2.00 USD short" in page
    assert page.index("acme_na.2") < page.index("acme_na.3") < page.index("acme_na.1")


def test_great_expectations_shows_each_check_with_its_reason_and_what_it_found(site: Path) -> None:
    (validation,) = site.glob("validations/**/*.html")
    page = text(validation)
    assert "blocking The control total of each settlement equals the sum of its lines, to the cent." in page
    assert "Amazon pays the control total." in page
    assert "acme_na.2 2 settlement 11000000001: control total 12.00 USD" in page
    assert page.count("nothing is wrong") == 8


def test_what_is_checked_has_a_page(site: Path) -> None:
    page = text(site / "expectations" / "settlements.html")
    assert page.count("blocking") == 6
    assert page.count("warning") == 4


def test_pages_load_nothing_from_elsewhere_and_run_no_script(site: Path) -> None:
    pages = list(site.rglob("*.html"))
    assert len(pages) == 3
    for page in pages:
        content = page.read_text(encoding="utf-8")
        assert not re.findall(r"https?://|<script|<link|@import", content), page


def test_what_a_file_says_is_not_taken_for_html(site: Path) -> None:
    for page in site.rglob("*.html"):
        assert "<b>Surprise" not in page.read_text(encoding="utf-8")


def test_links_lead_to_pages(site: Path) -> None:
    for page in site.rglob("*.html"):
        for link in re.findall(r'href="([^"#]+)', page.read_text(encoding="utf-8")):
            assert (page.parent / link.partition("?")[0]).exists(), f"{page}: {link}"


def test_a_site_replaces_the_one_before_whole(site: Path) -> None:
    assert not (site / "left-over.html").exists()
    assert [folder.name for folder in site.parent.iterdir()] == ["2026-08-16"]


def test_the_contents_list_every_site(site: Path) -> None:
    page = write_contents(site.parents[1])
    assert 'href="acme_na/2026-08-16/index.html"' in page.read_text(encoding="utf-8")
    assert re.search(r"acme_na/2026-08-16 .* 3 1 1 1", text(page))
