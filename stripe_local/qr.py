"""A picture in the style of a QR code for the WeChat page. It encodes nothing: a phone cannot pay the sandbox."""

import base64
import hashlib

_SIDE = 29


def svg(text: str) -> str:
    """The same text always gives the same picture."""
    cells = "".join(f"M{x} {y}h1v1h-1z" for y in range(_SIDE) for x in range(_SIDE) if _dark(text, x, y))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="-2 -2 {_SIDE + 4} {_SIDE + 4}" shape-rendering="crispEdges">'
        f'<path fill="#fff" d="M-2-2h{_SIDE + 4}v{_SIDE + 4}h-{_SIDE + 4}z"/><path fill="#111" d="{cells}"/></svg>'
    )


def data_url(text: str) -> str:
    return "data:image/svg+xml;base64," + base64.b64encode(svg(text).encode()).decode()


def _dark(text: str, x: int, y: int) -> bool:
    for left, top in ((0, 0), (_SIDE - 7, 0), (0, _SIDE - 7)):
        dx, dy = x - left, y - top
        if -1 <= dx <= 7 and -1 <= dy <= 7:
            ring = max(abs(dx - 3), abs(dy - 3))
            return ring in (0, 1, 3)
    return hashlib.blake2s(f"{text}/{x}/{y}".encode()).digest()[0] % 2 == 0
