"""Files: uploaded as the SDK uploads them, kept to the byte, and refused when they are not what was asked for."""

import io
import urllib.error
import urllib.request

import pytest
import stripe

from tests.stripe_local.conftest import KEY, Sandbox

PDF = b"%PDF-1.7 the receipt"


def named(name: str, data: bytes) -> io.BytesIO:
    file = io.BytesIO(data)
    file.name = name
    return file


def upload(sandbox: Sandbox, data: bytes = PDF, *, purpose: str = "dispute_evidence") -> stripe.File:
    found: stripe.File = sandbox.v1.files.create({"purpose": purpose, "file": named("receipt.pdf", data)})
    return found


def test_a_file_is_kept_to_the_byte_and_given_to_the_key_only(sandbox: Sandbox) -> None:
    data = PDF + bytes(range(256)) * 9_000

    file = upload(sandbox, data)

    found = sandbox.v1.files.retrieve(file.id)
    assert (found.filename, found.type, found.size) == ("receipt.pdf", "pdf", len(data))
    assert file.id in [f.id for f in sandbox.v1.files.list({"purpose": "dispute_evidence"}).data]
    asked = urllib.request.Request(file.url, headers={"Authorization": f"Bearer {KEY}"})
    with urllib.request.urlopen(asked, timeout=60) as answer:
        assert (answer.read(), answer.headers["Content-Type"]) == (data, "application/pdf")
    with pytest.raises(urllib.error.HTTPError) as refusal:
        urllib.request.urlopen(file.url, timeout=60)
    assert refusal.value.code == 401


@pytest.mark.parametrize(
    ("data", "purpose", "word"),
    [
        (b"", "dispute_evidence", "empty"),
        (b"<html>", "dispute_evidence", "file type"),
        (PDF + b"x" * (5 << 20), "dispute_evidence", "too large"),
        (PDF, "pci_document", "not for pci_document"),
    ],
)
def test_a_file_that_is_not_evidence_is_refused(
    sandbox: Sandbox, data: bytes, purpose: str, word: str
) -> None:
    with pytest.raises(stripe.InvalidRequestError, match=word):
        upload(sandbox, data, purpose=purpose)


def test_a_file_must_be_sent_as_a_file(sandbox: Sandbox) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refusal:
        sandbox.v1.files.create({"purpose": "dispute_evidence", "file": "receipt.pdf"})
    assert refusal.value.param == "file"


def test_the_same_upload_is_made_once_per_key(sandbox: Sandbox) -> None:
    params = {"purpose": "dispute_evidence"}

    first = sandbox.v1.files.create({**params, "file": named("a.pdf", PDF)}, {"idempotency_key": "up"})
    again = sandbox.v1.files.create({**params, "file": named("a.pdf", PDF)}, {"idempotency_key": "up"})
    with pytest.raises(stripe.IdempotencyError):
        sandbox.v1.files.create({**params, "file": named("a.pdf", PDF + b"!")}, {"idempotency_key": "up"})

    assert first.id == again.id
