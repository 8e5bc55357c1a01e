"""A server with TLS, for tests: the certificate is its own."""

from __future__ import annotations

import warnings
from datetime import UTC, datetime, timedelta
from importlib.util import find_spec
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

__all__ = ["secure_web"]


def secure_web(place: Path) -> tuple[Path, str]:
    """A certificate's file, and the option that opens a web site with it. Skips where TLS can't be had."""
    missing = [name for name in ("OpenSSL", "service_identity") if find_spec(name) is None]
    if missing:
        reason = f"no tests of TLS: {' and '.join(missing)} can't be imported (pip install gamesrv[tls])"
        warnings.warn(reason, stacklevel=2)
        pytest.skip(reason)
    key, cert = _certificate(place)
    return cert, f"--web=ssl:0:interface=127.0.0.1:privateKey={key}:certKey={cert}"


def _certificate(place: Path) -> tuple[Path, Path]:
    """A key and a certificate for this machine, signed by itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem, kind = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    files = place / "key.pem", place / "cert.pem"
    files[0].write_bytes(key.private_bytes(pem, kind, serialization.NoEncryption()))
    files[1].write_bytes(made.public_bytes(pem))
    return files
