"""The signature of a webhook."""

import base64
import hashlib
import hmac

import pytest

from services.webhook_ingest.front.signature import Signatures

SECRET = "current-secret"
PREVIOUS = "previous-secret"
BODY = b'{"name":"Caf\xc3\xa9 \xe2\x80\xa8 \\/ \\u0026"}\n'


def digest(secret: str, body: bytes) -> bytes:
    """HMAC-SHA256, raw."""
    return hmac.new(secret.encode(), body, hashlib.sha256).digest()


def test_both_secrets_of_a_rotation_sign() -> None:
    """The current and the previous secret are valid, a third is not."""
    signatures = Signatures([SECRET, PREVIOUS])
    for secret in (SECRET, PREVIOUS):
        assert signatures.valid(BODY, base64.b64encode(digest(secret, BODY)).decode())
    assert not signatures.valid(BODY, base64.b64encode(digest("another", BODY)).decode())


def test_every_byte_counts() -> None:
    """A body without its trailing newline is another body."""
    signed = base64.b64encode(digest(SECRET, BODY)).decode()
    assert not Signatures([SECRET]).valid(BODY.rstrip(), signed)


@pytest.mark.parametrize(
    "given",
    [
        "",
        digest(SECRET, BODY).hex(),
        base64.b64encode(digest(SECRET, BODY)).decode()[:-1],
        base64.b64encode(digest(SECRET, BODY)).decode() + "=",
        base64.b64encode(digest(SECRET, BODY)[:-1]).decode(),
        " " + base64.b64encode(digest(SECRET, BODY)).decode(),
        "é" * 44,
        "\udcff" * 44,
        "=" * 44,
    ],
    ids=["empty", "hex", "cut", "longer", "short-digest", "space", "non-ascii", "no-utf-8", "padding"],
)
def test_malformed_signatures_are_wrong_and_never_an_error(given: str) -> None:
    """Whatever the header holds, the answer is no."""
    assert not Signatures([SECRET, PREVIOUS]).valid(BODY, given)
