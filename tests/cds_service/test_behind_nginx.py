"""The proxy configuration of docs/deployment.md, run by a real nginx with TLS on loopback."""

import ipaddress
import json
import os
import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import jwt
import pytest
import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.cds_service.making import URL, a_request
from tests.cds_service.processes import backpath, free_port

PAGE = Path(__file__).parents[2] / "docs" / "deployment.md"
ISSUER = "https://ehr.example.org"
NGINX = shutil.which("nginx") or "/usr/sbin/nginx"
pytestmark = [
    pytest.mark.integration,
    pytest.mark.skipif(
        not Path(NGINX).exists(), reason="nginx is not installed (apt-get install nginx-light)"
    ),
]


class Proxied:
    """The service behind nginx, and a client that it trusts."""

    def __init__(self, base: str, inside: str, certificate: Path, key: ec.EllipticCurvePrivateKey) -> None:
        self.base, self.inside = base, inside
        self._certificate, self._key = certificate, key

    def call(self, method: str, path: str, *, audience: str | None = None, **how: Any) -> requests.Response:
        now = int(time.time())
        claims = {"iss": ISSUER, "aud": (audience or self.base) + path, "iat": now, "exp": now + 300}
        token = jwt.encode(claims | {"jti": str(uuid4())}, self._key, "ES384", headers={"kid": "k1"})
        headers = {"Authorization": f"Bearer {token}"} | how.pop("headers", {})
        return requests.request(
            method, self.base + path, headers=headers, verify=str(self._certificate), timeout=30, **how
        )


def certify(folder: Path) -> tuple[Path, Path]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    names = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=5))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    (folder / "certificate.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    (folder / "key.pem").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    return folder / "certificate.pem", folder / "key.pem"


def configuration(folder: Path, port: int, inside: str, certificate: Path, key: Path) -> str:
    """The page's own block; only addresses and places differ, and nginx writes into `folder` alone."""
    found = re.search(r"```nginx\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    assert found is not None
    text = found[1]
    for old, new in (
        ("listen 443 ssl", f"listen 127.0.0.1:{port} ssl"),
        ("server 127.0.0.1:5000", f"server {inside.removeprefix('http://')}"),
        ("/etc/backpath/tls/certificate.pem", str(certificate)),
        ("/etc/backpath/tls/key.pem", str(key)),
        (
            "http {",
            "http {\n"
            + "".join(
                f"    {kind}_temp_path {folder}/{kind};\n"
                for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
            ),
        ),
    ):
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    user = "user root;\n" if os.geteuid() == 0 else ""  # the test's folder is its owner's alone
    return f"{user}pid {folder}/nginx.pid;\nerror_log {folder}/error.log;\ndaemon off;\n{text}"


def tenants(folder: Path, key: ec.EllipticCurvePrivateKey) -> Path:
    public = json.loads(jwt.algorithms.ECAlgorithm.to_jwk(key.public_key()))
    jwk = ", ".join(f'{name} = "{value}"' for name, value in {**public, "kid": "k1", "alg": "ES384"}.items())
    path = folder / "tenants.toml"
    path.write_text(
        f'[tenants.proxied]\ntitle = "Behind a proxy"\nissuer = "{ISSUER}"\njwks = {{keys = [{{{jwk}}}]}}\n',
        encoding="utf-8",
    )
    return path


@pytest.fixture(scope="module")
def proxied(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxied]:
    folder = tmp_path_factory.mktemp("nginx")
    port = free_port()
    certificate, tls_key = certify(folder)
    key = ec.generate_private_key(ec.SECP384R1())
    settings = {
        "BACKPATH_TENANTS": str(tenants(folder, key)),
        "BACKPATH_PUBLIC_URL": f"https://localhost:{port}",
        "BACKPATH_STORE": f"sqlite:///{folder}/store.db",
    }
    with backpath("serve", **settings) as (_, inside):
        (folder / "nginx.conf").write_text(
            configuration(folder, port, inside, certificate, tls_key), encoding="utf-8"
        )
        nginx = subprocess.Popen([NGINX, "-p", str(folder), "-c", str(folder / "nginx.conf")])
        try:
            client = Proxied(f"https://localhost:{port}", inside, certificate, key)
            wait_until_open(client, nginx)
            yield client
        finally:
            nginx.terminate()
            nginx.wait(timeout=20)


def wait_until_open(client: Proxied, nginx: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        assert nginx.poll() is None, "nginx did not start"
        try:
            client.call("GET", "/cds-services")
        except requests.ConnectionError:
            time.sleep(0.1)
        else:
            return
    raise AssertionError("nginx does not listen")


def test_a_signed_call_over_tls_gets_its_cards(proxied: Proxied) -> None:
    response = proxied.call("POST", URL, json=a_request())

    assert response.status_code == 200
    assert response.json()["cards"]


def test_the_audience_is_the_public_url_whatever_the_proxy_calls(proxied: Proxied) -> None:
    inside = proxied.call("GET", "/cds-services", audience=proxied.inside)
    public = proxied.call("GET", "/cds-services", headers={"Host": "localhost"})

    assert (inside.status_code, public.status_code) == (401, 200)


def test_headers_of_the_service_pass_through(proxied: Proxied) -> None:
    response = proxied.call("GET", "/cds-services")

    assert response.headers["Strict-Transport-Security"].startswith("max-age=")
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Access-Control-Allow-Origin"] == "*"


def test_a_large_body_passes_and_a_larger_one_is_refused(proxied: Proxied) -> None:
    padded = a_request() | {"extension": {"padding": "x" * 3_000_000}}

    large = proxied.call("POST", URL, json=padded)
    too_large = proxied.call("POST", URL, data=b" " * 17_000_000)

    assert (large.status_code, too_large.status_code) == (200, 413)


@pytest.mark.parametrize("path", ["/", "/healthz", "/readyz", "/metrics", "/report"])
def test_pages_of_the_operator_stay_inside(proxied: Proxied, path: str) -> None:
    assert proxied.call("GET", path).status_code == 404


def test_plain_http_is_not_answered(proxied: Proxied) -> None:
    response = requests.get(proxied.base.replace("https", "http") + "/cds-services", timeout=10)

    assert response.status_code == 400  # nginx: plain HTTP sent to an HTTPS port
