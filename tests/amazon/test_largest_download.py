"""A document that is downloaded has a largest size."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from tieout.amazon.endpoints import TooLarge, body_of
from tieout.settings import settings

MIB = 1 << 20


@pytest.fixture(autouse=True)
def one_mebibyte(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TIEOUT_LARGEST_DOWNLOAD", "1")
    settings.cache_clear()
    yield
    monkeypatch.undo()
    settings.cache_clear()


def fetched(body: bytes, *, announced: bool) -> bytes:
    headers = {"content-length": str(len(body))} if announced else {}
    transport = httpx.MockTransport(
        lambda _: httpx.Response(200, headers=headers, content=iter([body[:MIB], body[MIB:]]))
    )
    with httpx.Client(transport=transport) as http, http.stream("GET", "https://example.com") as answer:
        return b"".join(body_of(answer))


@pytest.mark.parametrize("announced", [False, True])
def test_a_document_may_be_as_large_as_the_setting_and_no_larger(announced: bool) -> None:
    assert fetched(b"x" * MIB, announced=announced) == b"x" * MIB
    with pytest.raises(TooLarge, match=r"1,048,57[67] bytes or more, and 1,048,576 may be downloaded \(TIEOUT_LARGEST"):
        fetched(b"x" * (MIB + 1), announced=announced)
