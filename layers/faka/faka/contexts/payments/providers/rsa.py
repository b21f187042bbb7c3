"""RSA2: RSASSA-PKCS1-v1_5 over SHA-256, the only algorithm that we accept; the message has no say in it."""

import base64
import binascii

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    load_der_private_key,
    load_der_public_key,
    load_pem_private_key,
    load_pem_public_key,
)

from faka.contexts.payments.providers.base import ChannelClosed
from faka.kernel.secret import Secret


KEY_BITS_MIN = 2048
"""RSA2 is defined with 2048 bits; shorter keys are the old scheme's."""


def public_key(text: str) -> RSAPublicKey:
    """Raises: ChannelClosed when this is no usable RSA key."""
    try:
        blob = text.strip().encode("ascii")
        key = load_pem_public_key(blob) if blob.startswith(b"-----") else load_der_public_key(_bare(blob))
        if isinstance(key, RSAPublicKey) and key.key_size >= KEY_BITS_MIN:
            return key
    except (ValueError, UnsupportedAlgorithm):
        pass
    raise ChannelClosed("the provider's public key is not an RSA key of 2048 bits or more")


def private_key(secret: Secret) -> RSAPrivateKey:
    """Raises: ChannelClosed when this is no usable RSA key."""
    try:
        blob = secret.reveal().strip().encode("ascii")
        load = load_pem_private_key if blob.startswith(b"-----") else load_der_private_key
        key = load(blob if blob.startswith(b"-----") else _bare(blob), password=None)
        if isinstance(key, RSAPrivateKey) and key.key_size >= KEY_BITS_MIN:
            return key
    except (ValueError, TypeError, UnsupportedAlgorithm):
        pass
    raise ChannelClosed("the application's private key is not an RSA key of 2048 bits or more")


def _bare(blob: bytes) -> bytes:
    return base64.b64decode(b"".join(blob.split()), validate=True)


def sign(key: RSAPrivateKey, message: bytes) -> str:
    return base64.b64encode(key.sign(message, padding.PKCS1v15(), SHA256())).decode()


def signature_bytes(text: str) -> bytes | None:
    """The signature, or None unless the text is its one canonical base64: padding bits may not be played with."""
    try:
        blob = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None
    return blob if blob and base64.b64encode(blob).decode() == text else None


def is_signed(key: RSAPublicKey, message: bytes, signature: bytes) -> bool:
    try:
        key.verify(signature, message, padding.PKCS1v15(), SHA256())
    except InvalidSignature:
        return False
    return True
