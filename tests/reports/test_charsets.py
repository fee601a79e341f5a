"""The encoding of a file: what its bytes show beats what was declared, and text that is plainly wrong is refused."""

from __future__ import annotations

from pathlib import Path

import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tieout.documents import ReasonCode
from tieout.reports.charsets import python_charset
from tieout.reports.errors import Refused
from tieout.reports.report import stage_report

HEADER = "amazon-order-id\tpurchase-date\tlast-updated-date\torder-status\tproduct-name\tcurrency\titem-price\n"
LATIN = "ISO-8859-1"


def orders(*titles: str, currency: str = "EUR") -> str:
    return HEADER + "".join(
        f"1\t2026-07-01T00:00:00Z\t2026-07-01T00:00:00Z\tShipped\t{each}\t{currency}\t1\n" for each in titles
    )


def titles(folder: Path, body: bytes, declared: str | None) -> list[str]:
    path, target = folder / "orders", folder / "rows"
    path.write_bytes(body)
    stage_report(path, document_id="d", charset=declared, target=target)
    return [row["product_name"] for row in pq.read_table(target).to_pylist()]


@pytest.mark.parametrize(
    ("title", "written", "declared", "currency"),
    [
        ("カップ", "cp932", LATIN, "JPY"),
        ("カップ", "cp932", LATIN, "EUR"),
        ("カップ", "cp932", "UTF-8", "EUR"),
        ("カップ", "cp932", None, "EUR"),
        ("東京のカップ 大", "cp932", "windows-1252", "USD"),
        ("東京", "cp932", LATIN, "JPY"),
        ("カップ", "euc_jp", LATIN, "JPY"),
        ("カップ", "euc_jp", None, "EUR"),
        ("東京のカップ 大", "euc_jp", "Shift_JIS", "JPY"),
        ("東京のカップ 大", "euc_jp", "EUC-JP", "JPY"),
        ("カップ", "utf-8", "Shift_JIS", "JPY"),
        ("カップ", "utf-8", "EUC-JP", "JPY"),
        ("Café", "utf-8", "Shift_JIS", "JPY"),
        ("Café", "utf-8", LATIN, "EUR"),
        ("蓝色马克杯，套装", "gb18030", LATIN, "USD"),
        ("蓝色", "gb18030", "GBK", "USD"),
        ("biały kubek", "cp1250", LATIN, "EUR"),
        ("Żółty kubek", "cp1250", None, "PLN"),
        ("Łódź", "cp1250", LATIN, "PLN"),
        ("Łódź", "iso8859-2", "ISO-8859-2", "PLN"),
        ("Koyu yeşil çanta, ağır", "cp1254", LATIN, "TRY"),
        ("Koyu yeşil çanta, ağır", "cp1254", "ISO-8859-9", "EUR"),
        ("5 € – “süß”", "cp1252", LATIN, "EUR"),
        ("‚Ähnlich‘ und „Über“", "cp1252", LATIN, "EUR"),
        ("¿Qué? ¡Sí! Nº 1, 1ª, 5 m², ½ l, 20 °C", "cp1252", LATIN, "EUR"),
        ("L’été • œuvre à bœuf, Nescafé® ™", "cp1252", LATIN, "EUR"),
        ("Bob’s ‘mug’ £5", "cp1252", LATIN, "GBP"),
        ("été", "cp1252", LATIN, "JPY"),
        ("été", "cp1252", None, "JPY"),
        ("ｶｯﾌﾟ", "cp932", "Shift_JIS", "JPY"),
        ("ｶｯﾌﾟ､ﾎﾟｯﾄ､ﾏｸﾞ､ｱ", "cp932", None, "JPY"),
    ],
)  # fmt: skip
def test_the_text_is_right_whatever_was_declared(
    tmp_path: Path, title: str, written: str, declared: str | None, currency: str
) -> None:
    assert titles(tmp_path, orders(title, currency=currency).encode(written), declared) == [title]


@pytest.mark.parametrize(
    ("title", "written", "declared"),
    [
        ("東京都", "cp932", LATIN),
        ("東京都", "cp932", None),
        ("東京都", "euc_jp", LATIN),
        ("大阪府", "cp932", "windows-1250"),
    ],
)
def test_text_that_is_plainly_wrong_is_refused(tmp_path: Path, title: str, written: str, declared: str | None) -> None:
    """Chinese characters alone may be of several encodings: none of them is guessed, and Windows-1252 is not taken."""
    with pytest.raises(Refused) as refused:
        titles(tmp_path, orders(title, currency="USD").encode(written), declared)
    assert refused.value.reason.code is ReasonCode.UNREADABLE_ENCODING
    assert "its text is plainly not cp125" in refused.value.reason.message
    assert "It may be" in refused.value.reason.message


@pytest.mark.usefixtures("small_blocks")
def test_an_encoding_that_decodes_anything_is_judged_by_the_whole_file(tmp_path: Path) -> None:
    """The first block has one letter that may be anything, and the rest is Japanese."""
    found = titles(tmp_path, orders(*["Mug"] * 20, *["カップ"] * 20).encode("cp932"), LATIN)
    assert found == ["Mug"] * 20 + ["カップ"] * 20


WORDS = {
    "cp1252": "Größe süß Käse été façade garçon niño año città più över från Ænima œuvre naïve Straße",
    "cp1250": "biały żółty łódź ciężki mała książka gęś łóżko",
    "cp932": "カップ ソースの 東京のカップ マグカップ青い ポット",
    "euc_jp": "カップ ソースの 東京のカップ マグカップ青い ポット",
    "utf-8": "Größe カップ 蓝色 biały",
}
FILES = st.sampled_from(sorted(WORDS)).flatmap(
    lambda name: st.tuples(st.just(name), st.lists(st.sampled_from(WORDS[name].split()), min_size=1, max_size=12))
)


@settings(deadline=None, max_examples=150)
@given(FILES, st.sampled_from([None, LATIN, "windows-1252", "UTF-8"]))
def test_real_words_are_never_read_wrongly(
    tmp_path_factory: pytest.TempPathFactory, file: tuple[str, list[str]], declared: str | None
) -> None:
    written, words = file
    body = orders(*words).encode(written)
    assert right_or_refused(tmp_path_factory.mktemp("words"), body, declared) in (words, ReasonCode.UNREADABLE_ENCODING)


def right_or_refused(folder: Path, body: bytes, declared: str | None) -> list[str] | ReasonCode:
    try:
        return titles(folder, body, declared)
    except Refused as refusal:
        return refusal.reason.code


@pytest.mark.parametrize(
    ("declared", "codec"),
    [
        ("ISO-8859-1", "cp1252"), ("ISO-8859-9", "cp1254"), ("windows-31j", "cp932"), ("GBK", "gb18030"),
        ("EUC-JP", "euc_jp"), ("no-such-charset", None), ("koi8-r", None), (None, None),
    ],
)  # fmt: skip
def test_declared_names(declared: str | None, codec: str | None) -> None:
    assert python_charset(declared) == codec
