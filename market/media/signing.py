"""Addresses that carry their own permission, for players that cannot send a key: short-lived, for one file."""

import base64
import hashlib
import hmac
import time


def _seal(secret: str, token: str, expires: int) -> str:
    digest = hmac.digest(secret.encode(), f"media:{token}:{expires}".encode(), hashlib.sha256)
    return base64.urlsafe_b64encode(digest[:18]).decode()


def sign(url: str, secret: str, seconds: int) -> str:
    """`/media/<token>/…` as `/media/s/<sig>/<expires>/<token>/…`: links inside a playlist keep the prefix."""
    head, token, rest = url.removeprefix("/").split("/", 2)
    expires = int(time.time()) + seconds
    return f"/{head}/s/{_seal(secret, token, expires)}/{expires}/{token}/{rest}"


def is_valid(secret: str, token: str, signature: str, expires: int) -> bool:
    return expires >= time.time() and hmac.compare_digest(_seal(secret, token, expires), signature)
