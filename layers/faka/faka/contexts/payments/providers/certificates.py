"""Serials of Alipay's certificates, for accounts in certificate mode.

An account then sends the serials of its own and of the root certificates with every request. They are computed once, when
the account is entered, and stand in the channel row; nothing here runs while somebody pays.
"""

import hashlib
import re

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm


_PEM = re.compile(r"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", re.DOTALL)
_RSA_SIGNATURES = "1.2.840.113549.1.1"


def serial(pem: str) -> str:
    """`md5(issuer + serial number)` of one certificate, as Alipay prints it."""
    return _serial(x509.load_pem_x509_certificate(pem.encode()))


def root_serial(bundle: str) -> str:
    """The serials of a root bundle's RSA certificates, joined by `_`. The bundle also holds an SM2 certificate, which our
    library cannot read and Alipay does not count."""
    serials = []
    for pem in _PEM.findall(bundle):
        try:
            certificate = x509.load_pem_x509_certificate(pem.encode())
            if certificate.signature_algorithm_oid.dotted_string.startswith(_RSA_SIGNATURES):
                serials.append(_serial(certificate))
        except (ValueError, UnsupportedAlgorithm):
            continue
    return "_".join(serials)


def _serial(certificate: x509.Certificate) -> str:
    # The reverse of the order in which the certificate lists them.
    issuer = ",".join(f"{a.rfc4514_attribute_name}={a.value!s}" for a in reversed(list(certificate.issuer)))
    return hashlib.md5(f"{issuer}{certificate.serial_number}".encode(), usedforsecurity=False).hexdigest()
