"""Where credentials may go, and where documents may be fetched from."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from tieout.amazon import endpoints
from tieout.amazon.appstore import Appstore, SecurityProfile
from tieout.amazon.appstore_answers import Answer, Period, Refusal, ReportKind
from tieout.amazon.appstore_connection import AppstoreConnection
from tieout.amazon.budget import Budget, MemoryBudgetStore
from tieout.amazon.clock import Clock
from tieout.amazon.connection import SellerConnection
from tieout.amazon.endpoints import ForeignEndpoint, RefusedAddress, is_public, open_document
from tieout.amazon.errors import DocumentUnavailable
from tieout.amazon.login import Credentials, Login
from tieout.amazon.selling_partner import ReportDocument, SellingPartner
from tieout.documents import Region
from tieout.settings import simulated_amazon

NAMED = "http://127.0.0.1:9700,https://amazon.test"


@pytest.fixture(autouse=True)
def production(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TIEOUT_SIMULATED_AMAZON")


def seller(
    host: str | None = None, port: int | None = None, schema: str | None = None, **extra: Any
) -> SellerConnection:
    given = {"refresh_token": "Atzr|refresh", "region": "EU", **extra}
    return SellerConnection.read(
        "tieout_acme", host=host, login="client", password="secret", extra=given, port=port, schema=schema
    )


def developer(
    host: str | None = None, port: int | None = None, schema: str | None = None, **extra: Any
) -> AppstoreConnection:
    return AppstoreConnection.read(
        "tieout_dev", host=host, login="client", password="secret", extra=extra, port=port, schema=schema
    )


TRICKS = [
    "http://api.amazon.com",
    "https://api.amazon.com.",
    "https://api.amazon.com.evil.example",
    "https://evil.example/api.amazon.com",
    "https://api.amazon.com@evil.example",
    "https://api.amazon.com:443@evil.example",
    "https://api.amazon.com:8443",
    "https://api.amazon.com#.evil.example",
    "https://api.amazon.com?.evil.example",
    "https://api.amazon.com\\.evil.example",
    "https://api.amazon.com/..",
    "https://api.amazon.com\n.evil.example",
    "https://api.am\u0430zon.com",
    "https://\uff41pi.amazon.com",
    "https://xn--api.amazon.com",
    "//api.amazon.com",
    "api.amazon.com",
    "HTTPS://API.AMAZON.COM",
    "ftp://api.amazon.com",
    "javascript:alert(1)",
    "http://169.254.169.254",
    "http://127.0.0.1:9700",
    "https://sellercentral.amazon.evil",
]


@pytest.mark.parametrize("address", TRICKS)
def test_another_address_is_refused_in_every_field(address: str) -> None:
    for read, field in ((seller, "login_endpoint"), (seller, "seller_central"), (developer, "login_endpoint")):
        with pytest.raises(ForeignEndpoint, match=f": {field} is "):
            read(**{field: address})
    for read in (seller, developer):
        with pytest.raises(ForeignEndpoint, match=r": host is .* so nothing is sent there"):
            read(host=address)
        with pytest.raises(ForeignEndpoint, match=": schema is "):
            read(schema=address)
        with pytest.raises(ForeignEndpoint, match=": port is '9700'"):
            read(port=9700)


def test_a_password_in_an_address_is_not_repeated() -> None:
    with pytest.raises(ForeignEndpoint) as caught:
        seller(host="https://user:s3cret@evil.example")
    assert caught.value.endpoint == "https://***@evil.example"
    assert "s3cret" not in str(caught.value)


def test_each_of_amazons_addresses_is_good_for_its_own_purpose_alone() -> None:
    api = "https://sandbox.sellingpartnerapi-fe.amazon.com/"
    known = seller(
        host=api, login_endpoint="https://api.amazon.com/", seller_central="https://sellercentral.amazon.co.jp"
    )
    assert (known.host, known.login_endpoint) == (api[:-1], "https://api.amazon.com")
    assert not known.simulated
    assert developer(host="https://developer.amazon.com").endpoint == "https://developer.amazon.com"
    for field, address in (("host", "https://api.amazon.com"), ("login_endpoint", api), ("seller_central", api)):
        with pytest.raises(ForeignEndpoint, match=f": {field} is "):
            seller(**{field: address})
    with pytest.raises(ForeignEndpoint):
        developer(host="https://api.amazon.com")


NO_ORIGIN = [
    "http://127.0.0.1:9701",
    "http://127.0.0.1:97000",
    "http://127.0.0.1",
    "https://127.0.0.1:9700",
    "http://127.0.0.1.:9700",
    "http://127.0.0.1:9700.evil.example",
    "http://127.0.0.1:9700@evil.example",
    "http://user@127.0.0.1:9700",
    "http://127.0.0.1:9700\\@evil.example",
    "http://127.0.0.1:9700?x=@evil.example",
    "http://127.0.0.1:9700#@evil.example",
    "http://127.0.0.1:\uff19700",
    "http://localhost:9700",
    "http://[::ffff:127.0.0.1]:9700",
    "https://amazon.test.evil.example",
    "https://amazon.test.",
    "https://evilamazon.test",
    "http://amazon.test",
]


@pytest.mark.parametrize("address", NO_ORIGIN)
def test_an_origin_that_the_environment_names_is_matched_wholly(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIEOUT_SIMULATED_AMAZON", NAMED)
    for field in ("host", "login_endpoint", "seller_central"):
        with pytest.raises(ForeignEndpoint):
            seller(**{field: address})


def test_what_the_environment_names_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIEOUT_SIMULATED_AMAZON", f" {NAMED} ,")
    known = seller(
        host="http://127.0.0.1:9700/", login_endpoint="https://amazon.test:443/login", clock="2026-08-31T00:00:00Z@0x1"
    )
    assert known.endpoint(Region.EU) == "http://127.0.0.1:9700"
    assert known.login_endpoint == "https://amazon.test:443/login"
    assert known.simulated


@pytest.mark.parametrize(
    "listed", ["127.0.0.1:9700", "http://127.0.0.1:9700/x", "http://a@b", "*", "http://*.test", "http://"]
)
def test_the_environment_names_origins_and_nothing_else(listed: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIEOUT_SIMULATED_AMAZON", listed)
    with pytest.raises(ValueError, match=r"TIEOUT_SIMULATED_AMAZON: .* is not an origin"):
        simulated_amazon()


def test_a_clock_of_its_own_needs_a_simulated_amazon() -> None:
    for read in (seller, developer):
        with pytest.raises(ValueError, match="it names a clock, which only a simulated Amazon has"):
            read(clock="2026-08-31T00:00:00Z@0x1")


@pytest.mark.parametrize("extra", [[1], "x", None])
def test_an_extra_that_is_no_object_is_refused(extra: Any) -> None:
    for kind in (SellerConnection, AppstoreConnection):
        with pytest.raises(ValueError, match="extra has to be a JSON object"):
            kind.read("c", host=None, login="i", password="s", extra=extra)


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("52.216.1.1", True),
        ("2600:1f18::1", True),
        ("64:ff9b::34d8:101", True),  # 52.216.1.1 by NAT64
        ("127.0.0.1", False),
        ("10.0.0.1", False),
        ("172.16.0.1", False),
        ("192.168.1.1", False),
        ("100.64.0.1", False),
        ("100.100.100.200", False),  # Alibaba's metadata
        ("169.254.169.254", False),
        ("168.63.129.16", False),  # Azure's host
        ("0.0.0.0", False),
        ("224.0.0.1", False),
        ("255.255.255.255", False),
        ("192.0.2.1", False),
        ("::1", False),
        ("::", False),
        ("::7f00:1", False),
        ("::ffff:127.0.0.1", False),
        ("::ffff:169.254.169.254", False),
        ("64:ff9b::7f00:1", False),
        ("64:ff9b:1::1", False),
        ("2002:7f00:1::", False),
        ("2001::1", False),
        ("fe80::1%eth0", False),
        ("fec0::1", False),
        ("fc00::1", False),
        ("fd00:ec2::254", False),
        ("ff02::1", False),
        ("2001:db8::1", False),
    ],
)
def test_which_addresses_are_public(address: str, public: bool) -> None:
    assert is_public(address) is public


class Listener:
    """A server on loopback that counts who connects."""

    def __init__(self) -> None:
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.got: list[bytes] = []
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                accepted, _ = self.socket.accept()
            except OSError:
                return
            with accepted:
                accepted.settimeout(2)
                self.got.append(accepted.recv(1 << 16))


@pytest.fixture
def listener() -> Any:
    found = Listener()
    yield found
    found.socket.close()


def addresses(port: int) -> list[str]:
    return [
        f"http://127.0.0.1:{port}/doc",
        f"https://127.0.0.1:{port}/doc",
        f"https://localhost:{port}/doc",
        f"https://2130706433:{port}/doc",
        f"https://0x7f.1:{port}/doc",
        f"https://[::1]:{port}/doc",
        f"https://[::ffff:127.0.0.1]:{port}/doc",
        f"https://tortuga-prod-eu.s3.amazonaws.com@127.0.0.1:{port}/doc",
        "https://169.254.169.254/latest/meta-data/",
        "ftp://s3.amazonaws.com/doc",
        "file:///etc/passwd",
        "https:///doc",
        "https://[::1",
        "doc",
        "",
    ]


def test_a_document_is_fetched_by_https_from_a_public_address_alone(listener: Listener, tmp_path: Path) -> None:
    clock = Clock()
    with httpx.Client(timeout=2) as http:
        amazon = SellingPartner(
            region=Region.EU, account="acme", login=Login(Credentials("i", "s", "r"), http=http, clock=clock),
            budget=Budget(MemoryBudgetStore(), clock), clock=clock, http=http, record=lambda call: None,
        )  # fmt: skip
        for url in addresses(listener.port):
            with pytest.raises(DocumentUnavailable, match="nothing was requested"):
                amazon.download(ReportDocument("doc-1", f"{url}?X-Amz-Signature=s3cret", None, None), tmp_path / "body")
            with pytest.raises(RefusedAddress) as caught, open_document(http, f"{url}?X-Amz-Signature=s3cret"):
                pass
            assert "s3cret" not in str(caught.value)
    assert listener.got == []
    assert not (tmp_path / "body").exists()


def test_the_appstores_documents_too(tmp_path: Path, listener: Listener) -> None:
    def amazon(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/auth/o2/token":
            return httpx.Response(200, json={"access_token": "Atza|token", "expires_in": 3600})
        return httpx.Response(200, text=f"http://127.0.0.1:{listener.port}/doc")

    clock = Clock()
    with httpx.Client(transport=httpx.MockTransport(amazon)) as http:
        store = Appstore(
            account="dev", login=SecurityProfile("i", "s", http=http, clock=clock), budget=Budget(MemoryBudgetStore(), clock),
            clock=clock, http=http, record=lambda call: None,
        )  # fmt: skip
        found = store.fetch(ReportKind.SALES, Period(clock.now().date().replace(day=1)), tmp_path / "body")
    assert isinstance(found, Refusal)
    assert found.answer is Answer.DELAYED
    assert "has to be https" in found.message
    assert listener.got == []


def test_a_name_that_leads_elsewhere_a_moment_later_is_found_out(
    listener: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked_up: Callable[..., Any] = socket.getaddrinfo
    answers = ["52.216.1.1", "127.0.0.1"]

    def rebinding(host: str, port: int, *rest: Any, **more: Any) -> Any:
        if host != "s3.example":
            return looked_up(host, port, *rest, **more)
        address = answers.pop(0) if len(answers) > 1 else answers[0]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]

    monkeypatch.setattr(socket, "getaddrinfo", rebinding)
    url = f"https://s3.example:{listener.port}/doc"
    refused = pytest.raises(RefusedAddress, match=r"leads to 127\.0\.0\.1")
    with httpx.Client(timeout=2, verify=False) as http, refused, open_document(http, url):
        pass
    assert answers == ["127.0.0.1"]
    assert [got for got in listener.got if got] == []


def test_documents_of_a_simulated_amazon_come_from_its_origins(
    listener: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TIEOUT_SIMULATED_AMAZON", f"http://127.0.0.1:{listener.port}")
    with httpx.Client(timeout=2) as http:
        with pytest.raises(httpx.RemoteProtocolError), open_document(http, f"http://127.0.0.1:{listener.port}/doc"):
            pass
        with pytest.raises(RefusedAddress), open_document(http, f"http://x@127.0.0.1:{listener.port}/doc"):
            pass
    assert len(listener.got) == 1


def test_a_redirect_is_not_followed(listener: Listener) -> None:
    def amazon(request: httpx.Request) -> httpx.Response:
        return httpx.Response(302, headers={"location": f"http://127.0.0.1:{listener.port}/"})

    http = httpx.Client(transport=httpx.MockTransport(amazon), follow_redirects=True)
    with http, open_document(http, "https://s3.example/doc") as answer:
        assert answer.status_code == 302


def test_behind_a_proxy_it_is_the_proxy_that_connects(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:3128")
    assert endpoints._has_proxy(httpx.URL("https://s3.example"))
    monkeypatch.setenv("NO_PROXY", "s3.example")
    assert not endpoints._has_proxy(httpx.URL("https://s3.example"))
