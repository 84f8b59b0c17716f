"""Which addresses may be called: the decision itself, on the real ranges."""

from ipaddress import IPv4Address, IPv6Address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cds_service.fetching.addresses import LOOPBACK, METADATA, OWN, Admission

EVERYTHING = (ip_network("0.0.0.0/0"), ip_network("::/0"))
PUBLIC = ("8.8.8.8", "1.1.1.1", "172.15.255.255", "172.32.0.0", "100.128.0.0", "2606:4700::1111", "2a00::1")
NOT_PUBLIC = {
    "0.0.0.0": "unspecified",  # noqa: S104 - nothing is bound
    "0.1.2.3": "this network",
    "10.0.0.1": "private",
    "10.255.255.255": "private",
    "172.16.0.1": "private",
    "172.31.255.255": "private",
    "192.168.1.1": "private",
    "100.64.0.1": "carrier-grade NAT",
    "100.127.255.255": "carrier-grade NAT",
    "127.0.0.1": "loopback",
    "127.0.0.2": "loopback",
    "127.255.255.254": "loopback",
    "169.254.0.1": "link-local",
    "192.0.0.1": "protocol assignments",
    "192.0.2.1": "documentation",
    "192.88.99.1": "6to4 relay",
    "198.18.0.1": "benchmarks",
    "198.51.100.1": "documentation",
    "203.0.113.1": "documentation",
    "224.0.0.1": "multicast",
    "239.255.255.250": "multicast",
    "240.0.0.1": "reserved",
    "255.255.255.255": "broadcast",
    "::": "unspecified",
    "::1": "loopback",
    "fe80::1": "link-local",
    "fe80::1%eth0": "link-local, of one interface",
    "2606:4700::1111%eth0": "of one interface",
    "fec0::1": "site-local, withdrawn",
    "fc00::1": "unique local",
    "fd12:3456::1": "unique local",
    "ff02::1": "multicast",
    "100::1": "discard only",
    "2001:db8::1": "documentation",
    "3fff::1": "documentation",
    "5f00::1": "segment routing",
    "::ffff:127.0.0.1": "IPv4-mapped loopback",
    "::ffff:a00:1": "IPv4-mapped private",
    "::ffff:0:127.0.0.1": "IPv4-translated",
    "::127.0.0.1": "IPv4-compatible loopback",
    "::8.8.8.8": "IPv4-compatible",
    "64:ff9b::7f00:1": "NAT64 of loopback",
    "64:ff9b::10.0.0.1": "NAT64 of a private address",
    "64:ff9b:1::8.8.8.8": "local NAT64",
    "2002:7f00:1::": "6to4 of loopback",
    "2002:808:808::1": "6to4",
    "2001::1": "Teredo",
    "2001:0:4136:e378:8000:63bf:80ff:fffe": "Teredo of loopback",
}


@pytest.mark.parametrize("address", [*PUBLIC, "::ffff:8.8.8.8", "64:ff9b::8.8.8.8"])
def test_public_addresses_are_admitted(address: str) -> None:
    assert Admission().admits(address)


@pytest.mark.parametrize("address", NOT_PUBLIC)
def test_others_are_refused(address: str) -> None:
    assert not Admission().admits(address)


@pytest.mark.parametrize(
    "address",
    [  # written out once more, so that none can leave the table unseen
        "169.254.169.254",
        "169.254.170.2",
        "169.254.170.23",
        "169.254.42.42",
        "169.254.0.23",
        "100.100.100.200",
        "168.63.129.16",
        "192.0.0.192",
        "fd00:ec2::254",
        "fd00:ec2::23",
        "fd20:ce::254",
        "fd00:42::42",
        "fd00:c1::a9fe:a9fe",
        "fd00:100::100:200",
        "fd00:a9fe:a9fe::1",
        "fe80::a9fe:a9fe",
    ],
)
def test_the_metadata_services_of_the_known_clouds_are_in_the_table(address: str) -> None:
    assert not Admission(EVERYTHING).admits(address)


@pytest.mark.parametrize("network", METADATA, ids=str)
@pytest.mark.parametrize("networks", [(), OWN, EVERYTHING], ids=["none", "own", "everything"])
def test_metadata_services_are_refused_even_where_their_network_is_listed(
    network: object, networks: tuple[object, ...]
) -> None:
    address = str(network).split("/")[0]

    assert not Admission(networks).admits(address)  # type: ignore[arg-type]  # networks of both kinds


@pytest.mark.parametrize(
    "address", ["::ffff:169.254.169.254", "64:ff9b::a9fe:a9fe", "::169.254.169.254", "2002:a9fe:a9fe::1"]
)
def test_metadata_services_are_known_behind_other_forms(address: str) -> None:
    assert not Admission(EVERYTHING).admits(address)


def test_a_listed_network_is_admitted_and_its_neighbours_are_not() -> None:
    admission = Admission((ip_network("10.20.0.0/16"), ip_network("fd12::/16")))

    assert admission.admits("10.20.3.4")
    assert admission.admits("::ffff:10.20.3.4")
    assert admission.admits("64:ff9b::10.20.3.4")
    assert admission.admits("fd12::1")
    assert not admission.admits("10.21.0.1")
    assert not admission.admits("fd13::1")
    assert not admission.admits("127.0.0.1")


def test_a_listed_network_of_tunnels_does_not_admit_what_they_lead_to() -> None:
    admission = Admission((ip_network("2002::/16"),))

    assert admission.admits("2002:808:808::1")
    assert not admission.admits("2002:a00:1::1")


def test_without_public_addresses_only_networks_are_admitted() -> None:
    admission = Admission((ip_network("10.0.0.0/8"),), public=False)

    assert admission.admits("10.0.0.1")
    assert not admission.admits("8.8.8.8")
    assert not admission.admits("64:ff9b::8.8.8.8")


def test_one_refused_address_refuses_the_name() -> None:
    assert Admission().admits_all(["8.8.8.8", "2606:4700::1111"])
    assert not Admission().admits_all(["8.8.8.8", "10.0.0.1"])
    assert not Admission().admits_all([])


@pytest.mark.parametrize(
    "text", ["", "localhost", "127.1", "0x7f000001", "2130706433", "0177.0.0.1", "8.8.8"]
)
def test_what_is_no_address_is_refused(text: str) -> None:
    assert not Admission(EVERYTHING).admits(text)


@given(number=st.integers(0, 2**32 - 1))
def test_no_ipv4_address_is_admitted_that_python_calls_local(number: int) -> None:
    address = IPv4Address(number)

    assert address.is_global or not Admission().admits(str(address))


@given(number=st.integers(0, 2**128 - 1) | st.integers(0x2000 << 112, (0x4000 << 112) - 1))
def test_no_ipv6_address_is_admitted_that_python_calls_local(number: int) -> None:
    address = IPv6Address(number)

    assert address.is_global or not Admission().admits(str(address))


@given(number=st.integers(0, 2**32 - 1))
def test_an_ipv4_address_within_another_form_is_judged_as_itself(number: int) -> None:
    address = IPv4Address(number)
    admission = Admission((*LOOPBACK, ip_network("10.0.0.0/8")))

    assert admission.admits(f"::ffff:{address}") == admission.admits(str(address))
    assert admission.admits(f"64:ff9b::{address}") == admission.admits(str(address))
    assert not admission.admits(f"::{address}") or number == 1
