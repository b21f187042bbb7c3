"""What the libraries would do anew in each of some thousand tests, and what comes out the same: once for each process.

* botocore reads the models of its services from disk again whenever a mock begins, because the mock forgets the session.
* moto makes an RSA key of 2,048 bits beside every KMS key, also beside those that encrypt or authenticate and never use one.
"""

from functools import cache
from typing import Any

import botocore.session
import moto.kms.models
from moto.kms.utils import AbstractPrivateKey, KeySpec, generate_private_key


ASYMMETRIC = frozenset({*KeySpec.rsa_key_specs(), *KeySpec.ecc_key_specs()})


@cache
def _unused() -> AbstractPrivateKey:
    return generate_private_key(KeySpec.RSA_2048)


def _made(key_spec: str) -> AbstractPrivateKey:
    return generate_private_key(key_spec) if key_spec in ASYMMETRIC else _unused()


def once_for_each_process() -> None:
    read: Any = cache(botocore.session.create_loader)
    botocore.session.create_loader = read
    moto.kms.models.generate_private_key = _made
