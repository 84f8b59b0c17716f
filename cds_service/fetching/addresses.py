"""Which IP addresses may be called: public ones, and those of networks that an operator listed.

The tables are our own rather than `ipaddress.is_global`, which differs between Python releases.

Source:
    https://www.iana.org/assignments/iana-ipv4-special-registry, …/iana-ipv6-special-registry
"""

from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import TypeAlias

IPAddress: TypeAlias = IPv4Address | IPv6Address
Network: TypeAlias = IPv4Network | IPv6Network


def _networks(*texts: str) -> tuple[Network, ...]:
    return tuple(ip_network(text) for text in texts)


LOOPBACK = _networks("127.0.0.0/8", "::1/128")
# What the operator of a development machine or of `backpath try` may name as a server of their own
OWN = (*LOOPBACK, *_networks("10.0.0.0/8", "100.64.0.0/10", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7"))

# Services that hand a machine's credentials to whoever asks from it; listing their network does not help
METADATA = _networks(
    "169.254.169.254/32",  # AWS, Azure, Google, OpenStack, Oracle
    "169.254.170.2/32",  # AWS ECS
    "169.254.170.23/32",  # AWS EKS
    "169.254.42.42/32",  # Scaleway
    "169.254.0.23/32",  # Tencent
    "100.100.100.200/32",  # Alibaba
    "168.63.129.16/32",  # Azure's wire server; otherwise a public address
    "192.0.0.192/32",  # Oracle, older
    "fd00:ec2::254/128",  # AWS
    "fd00:ec2::23/128",  # AWS EKS
    "fd20:ce::254/128",  # Google
    "fd00:42::42/128",  # Scaleway
    "fd00:c1::a9fe:a9fe/128",  # Oracle
    "fd00:100::100:200/128",  # Alibaba
    "fd00:a9fe:a9fe::1/128",  # Akamai
    "fe80::a9fe:a9fe/128",  # OpenStack
)

_NOT_PUBLIC_V4 = _networks(
    "0.0.0.0/8",  # this network
    "10.0.0.0/8",  # private
    "100.64.0.0/10",  # carrier-grade NAT
    "127.0.0.0/8",  # loopback
    "169.254.0.0/16",  # link-local
    "172.16.0.0/12",  # private
    "192.0.0.0/24",  # protocol assignments
    "192.0.2.0/24",  # documentation
    "192.88.99.0/24",  # 6to4 relays, withdrawn
    "192.168.0.0/16",  # private
    "198.18.0.0/15",  # benchmarks
    "198.51.100.0/24",  # documentation
    "203.0.113.0/24",  # documentation
    "224.0.0.0/4",  # multicast
    "240.0.0.0/4",  # reserved, and broadcast
)
# IPv6 is the other way round: global unicast is 2000::/3, less these
_PUBLIC_V6 = IPv6Network("2000::/3")
_NOT_PUBLIC_V6 = _networks(
    "2001::/23",  # protocol assignments: Teredo, benchmarks, ORCHID
    "2001:db8::/32",  # documentation
    "2002::/16",  # 6to4
    "3fff::/20",  # documentation
)
_NAT64 = IPv6Network("64:ff9b::/96")  # how networks without IPv4 reach it: the last 32 bits are the address
_COMPATIBLE = IPv6Network("::/96")  # IPv4-compatible, withdrawn


@dataclass(frozen=True, slots=True)
class Admission:
    """Which addresses may be called."""

    networks: tuple[Network, ...] = ()  # beside public addresses
    public: bool = True

    def admits(self, address: str) -> bool:
        """Whether an address, as a resolver writes it, may be called; what cannot be read may not."""
        try:
            found = ip_address(address)
        except ValueError:
            return False
        if isinstance(found, IPv6Address):
            if found.scope_id is not None:  # of one interface only
                return False
            if found.ipv4_mapped is not None:  # the operating system calls the IPv4 address
                return self._admits(found.ipv4_mapped)
        return self._admits(found) and all(self._admits(inner) for inner in _embedded(found))

    def admits_all(self, addresses: Iterable[str]) -> bool:
        """Whether a name may be called: each address it has, and it has one."""
        known = list(addresses)
        return bool(known) and all(self.admits(address) for address in known)

    def _admits(self, address: IPAddress) -> bool:
        if _within(address, METADATA):
            return False
        return _within(address, self.networks) or (self.public and is_public(address))


def is_public(address: IPAddress) -> bool:
    """Whether an address is one of the internet's, for a single receiver."""
    if isinstance(address, IPv4Address):
        return not _within(address, _NOT_PUBLIC_V4)
    if address in _NAT64:
        return True  # the IPv4 address within is judged on its own
    return address in _PUBLIC_V6 and not _within(address, _NOT_PUBLIC_V6)


def _embedded(address: IPAddress) -> tuple[IPv4Address, ...]:
    """IPv4 addresses that a packet to an IPv6 address may end at."""
    if isinstance(address, IPv4Address) or address in LOOPBACK[1]:
        return ()
    if address in _NAT64 or address in _COMPATIBLE:
        return (IPv4Address(int(address) & 0xFFFF_FFFF),)
    if address.sixtofour is not None:
        return (address.sixtofour,)
    return address.teredo or ()


def _within(address: IPAddress, networks: Iterable[Network]) -> bool:
    return any(address in network for network in networks)
