"""File: what the platform uploads, such as the evidence of a dispute.

The SDK posts files to the base address named `files`, as multipart; here it is the address of the API. The bytes are
kept in the database, in the same transaction as the object.
"""

import hashlib
from dataclasses import dataclass

from stripe_local.errors import Json, StripeError
from stripe_local.ids import new_id
from stripe_local.router import answers
from stripe_local.world import World, absent

MIME = {"pdf": "application/pdf", "png": "image/png", "jpg": "image/jpeg"}
_MAGIC = {b"%PDF-": "pdf", b"\x89PNG\r\n\x1a\n": "png", b"\xff\xd8\xff": "jpg"}
_MB = 1 << 20
_LARGEST = {
    "account_requirement": 10 * _MB,
    "additional_verification": 16 * _MB,
    "business_icon": _MB // 2,
    "business_logo": _MB // 2,
    "customer_signature": 4 * _MB,
    "dispute_evidence": 5 * _MB,
    "identity_document": 16 * _MB,
}


@dataclass(frozen=True)
class Upload:
    """A part of a multipart form that carries bytes; as text it is what an idempotency key compares."""

    filename: str
    data: bytes

    def __str__(self) -> str:
        return f"{self.filename} {hashlib.sha256(self.data).hexdigest()}"


@answers("post", "/v1/files")
def create(w: World, p: Json) -> Json:
    upload, purpose = p["file"], p["purpose"]
    if not isinstance(upload, Upload):
        raise StripeError(
            "Invalid hash: send the file as a part of a multipart/form-data request, with a filename.",
            param="file",
        )
    if purpose not in _LARGEST:
        raise StripeError(
            f"The local Stripe takes files for {', '.join(_LARGEST)}; not for {purpose}.", param="purpose"
        )
    if not upload.data:
        raise StripeError("The file that you uploaded is empty.", param="file")
    if len(upload.data) > _LARGEST[purpose]:
        raise StripeError(
            f"The file is too large for {purpose}: {len(upload.data)} of {_LARGEST[purpose]} bytes.",
            code="file_too_large",
            param="file",
        )
    type = next((name for magic, name in _MAGIC.items() if upload.data.startswith(magic)), None)
    if type is None:
        raise StripeError(
            f"Invalid file type for {purpose}: a PDF, a PNG or a JPEG is needed.",
            code="file_type_invalid",
            param="file",
        )
    id = new_id("file_1")
    w.store.db.execute("INSERT INTO contents VALUES (?, ?)", (id, upload.data))
    return w.new(
        "file",
        "file_1",
        {
            "expires_at": None,
            "filename": upload.filename or id,
            "links": {
                "object": "list",
                "data": [],
                "has_more": False,
                "url": f"/v1/file_links?file={id}",
            },
            "livemode": absent(),
            "purpose": purpose,
            "size": len(upload.data),
            "title": None,
            "type": type,
            "url": f"{w.base_url}/v1/files/{id}/contents",
        },
        id=id,
    )


@answers("get", "/v1/files/{file}")
def retrieve(w: World, p: Json, file: str) -> Json:
    return w.get("file", file)


@answers("get", "/v1/files")
def list_files(w: World, p: Json) -> Json:
    return w.page("file", "/v1/files", p, ("purpose",))


def bytes_of(w: World, file: Json) -> bytes:
    found = w.store.row("SELECT bytes FROM contents WHERE file = ?", file["id"])
    assert found is not None, "a file and its bytes are written together"
    return bytes(found[0])


def require(w: World, id: str, purpose: str, param: str) -> None:
    """Refuse a file that does not exist or was uploaded for something else."""
    file = w.given("file", id, param)
    if file["purpose"] != purpose:
        raise StripeError(
            f"The file {id} has the purpose {file['purpose']}; {purpose} is needed here.", param=param
        )
