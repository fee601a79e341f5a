"""Where credentials may go, and where documents may be fetched from.

Both are properties of the deployment, never of a connection: whoever may edit a connection does not see the secrets in it, and
must not be able to have them sent elsewhere. Credentials go to the addresses below, over https. A simulated Amazon's
origins are used only if the environment names them (`TIEOUT_SIMULATED_AMAZON`). A document's address is named by Amazon's
answer: it has to be https, and a public address of the internet.
"""

from __future__ import annotations

import ipaddress
import re
import socket
import urllib.request
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import Any

import httpx

from tieout.amazon.clock import Clock
from tieout.amazon.errors import DocumentUnavailable
from tieout.documents import Region
from tieout.marketplaces import known_marketplaces
from tieout.settings import origin_of, settings, simulated_amazon

LOGIN_ENDPOINT = "https://api.amazon.com"
ENDPOINTS = {
    Region.NA: "https://sellingpartnerapi-na.amazon.com",
    Region.EU: "https://sellingpartnerapi-eu.amazon.com",
    Region.FE: "https://sellingpartnerapi-fe.amazon.com",
}
SANDBOX_ENDPOINTS = {region: endpoint.replace("https://", "https://sandbox.") for region, endpoint in ENDPOINTS.items()}
APPSTORE_ENDPOINT = "https://developer.amazon.com"
_UNICAST = ipaddress.ip_network("2000::/3")
"""All public addresses of IPv6."""
_EMBEDDING = tuple(map(ipaddress.ip_network, ("::ffff:0:0/96", "64:ff9b::/96")))
"""IPv6 that is an IPv4 address in its last 32 bits: mapped, and translated by NAT64 (RFC 4291 and 6052)."""
_TUNNELS = tuple(map(ipaddress.ip_network, ("2001::/32", "2002::/16")))
"""Teredo and 6to4: IPv6 that leads to any IPv4 address."""
_METADATA = ipaddress.ip_address("168.63.129.16")
"""The address of Azure's host services, which lies among the public ones."""


class ForeignEndpoint(ValueError):
    """A connection names an address that credentials do not go to.

    :ivar field: the connection's field.
    :ivar endpoint: the address, without the user and password that it may hold.
    """

    def __init__(self, connection: str, field: str, given: str) -> None:
        self.field = field
        self.endpoint = re.sub(r"[^/]*@", "***@", given)[:200]
        super().__init__(
            f"connection {connection!r}: {field} is {self.endpoint!r}, which is not Amazon's address, so nothing is sent there. "
            "Leave the field empty; only a simulated Amazon that TIEOUT_SIMULATED_AMAZON names has an address of its own"
        )


def checked_endpoint(connection: str, field: str, given: str, own: Collection[str]) -> str:
    """Return the base URL that a connection names, if credentials may go there.

    Args:
        connection: The connection's id, for the message.
        field: The connection's field, for the message.
        given: What the field holds.
        own: Amazon's base URLs for this purpose.

    Raises:
        ForeignEndpoint: If it is neither one of Amazon's nor at an origin that `TIEOUT_SIMULATED_AMAZON` names.
    """
    given = given.strip().rstrip("/")
    if given in own or is_simulated(given):
        return given
    raise ForeignEndpoint(connection, field, given)


def refuse_port_and_schema(connection: str, port: int | None, schema: str | None) -> None:
    """Refuse parts of an address that Airflow has fields for and our connections have not.

    Raises:
        ForeignEndpoint: If one of them is filled in.
    """
    for field, given in (("port", port), ("schema", schema)):
        if given:
            raise ForeignEndpoint(connection, field, str(given))


def is_simulated(url: str | None) -> bool:
    """Return whether a URL is at an origin that `TIEOUT_SIMULATED_AMAZON` names."""
    return url is not None and origin_of(url) in simulated_amazon()


def seller_centrals() -> frozenset[str]:
    """Return the base URLs of Seller Central, of every marketplace."""
    return frozenset(f"https://{each.seller_central}" for each in known_marketplaces().marketplaces.values())


def clock_of(connection: str, spec: str | None) -> Clock:
    """Return the clock that a connection names; by default the machine's.

    Raises:
        ValueError: If it cannot be read, or the deployment has no simulated Amazon whose clock it could be.
    """
    try:
        clock = Clock.parse(spec)
    except ValueError as error:
        raise ValueError(f"connection {connection!r}: {error}") from None
    if spec and not simulated_amazon():
        raise ValueError(
            f"connection {connection!r}: it names a clock, which only a simulated Amazon has, and TIEOUT_SIMULATED_AMAZON names "
            "none: leave the field empty"
        )
    return clock


class RefusedAddress(DocumentUnavailable):
    """The address of a document is not one that documents are fetched from."""


@contextmanager
def open_document(http: httpx.Client, url: str) -> Iterator[httpx.Response]:
    """Request a document's bytes, and stream the answer. Redirects are not followed.

    The addresses of the host are looked up and checked before it is asked. The address that is then connected to is
    checked again before anything is sent, since a name may lead elsewhere a moment later (DNS rebinding).

    Raises:
        RefusedAddress: If the URL is not https, names a user, or leads to an address that is not public. The message holds the
            host and not the URL, which is signed.
    """
    try:
        parsed = httpx.URL(url)
    except httpx.InvalidURL:
        raise RefusedAddress("the address of a document cannot be read; nothing was requested") from None
    extensions: dict[str, Any] = {}
    if parsed.userinfo or f"{parsed.scheme}://{parsed.netloc.decode()}" not in simulated_amazon():
        _require_public(parsed)
        if not _has_proxy(parsed):  # a proxy looks the host up and connects to it
            extensions["trace"] = _check_peer
    with http.stream("GET", parsed, extensions=extensions, follow_redirects=False) as answer:
        yield answer


class TooLarge(DocumentUnavailable):
    """A document has more bytes than one may have."""


def body_of(answer: httpx.Response) -> Iterator[bytes]:
    """Yield the bytes of a document as they come.

    Raises:
        TooLarge: If there are more than may be downloaded: before the first if the server says so, else at that place.
    """
    largest = settings().largest_download
    size = int(answer.headers.get("content-length") or 0)
    if size <= largest:
        size = 0
        for chunk in answer.iter_raw(1 << 20):
            size += len(chunk)
            if size > largest:
                break
            yield chunk
        else:
            return
    raise TooLarge(
        f"the document has {size:,} bytes or more, and {largest:,} may be downloaded (TIEOUT_LARGEST_DOWNLOAD, in MiB)"
    )


def _require_public(url: httpx.URL) -> None:
    if url.scheme != "https" or url.userinfo or not url.host:
        raise RefusedAddress(
            f"the address of a document, at {url.host[:100]!r}, has to be https and without a user; nothing was requested"
        )
    try:
        found = socket.getaddrinfo(url.host, url.port or 443, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return  # the request cannot be sent either, and says so
    for *_, address in found:
        _require_public_address(str(address[0]))


def _check_peer(event: str, info: dict[str, Any]) -> None:
    """Check whom a new connection leads to (httpx's extension `trace`): TLS has not begun, and nothing has been sent."""
    if event != "connection.connect_tcp.complete":
        return
    stream = info["return_value"]
    try:
        _require_public_address(str(stream.get_extra_info("server_addr")[0]))
    except RefusedAddress:
        stream.close()
        raise


def _require_public_address(address: str) -> None:
    if not is_public(address):
        raise RefusedAddress(
            f"the address of a document leads to {address}, which is not a public address; nothing was requested"
        )


def is_public(address: str) -> bool:
    """Return whether an IP address is one of the public internet, and not of this machine, its network, or its cloud's host."""
    found = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(found, ipaddress.IPv6Address):
        if any(found in network for network in _EMBEDDING):
            found = ipaddress.IPv4Address(int(found) & 0xFFFFFFFF)
        elif found not in _UNICAST or any(found in network for network in _TUNNELS):
            return False
    return found.is_global and not found.is_multicast and found != _METADATA


def _has_proxy(url: httpx.URL) -> bool:
    proxies = urllib.request.getproxies()
    return bool(proxies.get("https") or proxies.get("all")) and not urllib.request.proxy_bypass(url.host)
