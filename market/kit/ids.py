"""Keys inside are uuidv7; outside they carry a prefix and base58: `ord_3Kd…`, Stripe's habit."""

from uuid import UUID

from werkzeug.exceptions import NotFound
from werkzeug.routing import BaseConverter, Map, ValidationError

ALPHABET = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_DIGITS = {letter: at for at, letter in enumerate(ALPHABET)}
_PAIRS = [high + low for high in ALPHABET for low in ALPHABET]
LENGTH = 22


def encode(prefix: str, key: UUID) -> str:
    """`ord` and a UUID → `ord_` and 22 base58 letters (fixed length, so text order is time order)."""
    number, letters = key.int, ""
    for _ in range(LENGTH // 2):
        number, pair = divmod(number, 58 * 58)
        letters = _PAIRS[pair] + letters
    return f"{prefix}_{letters}"


def decode(prefix: str, text: str) -> UUID:
    """The UUID in a public id of this prefix. Raises ValueError on anything else."""
    head, sep, letters = text.partition("_")
    if head != prefix or not sep or len(letters) != LENGTH:
        raise ValueError(f"not a {prefix}_ id")
    number = 0
    for letter in letters:
        if letter not in _DIGITS:
            raise ValueError(f"not a {prefix}_ id")
        number = number * 58 + _DIGITS[letter]
    if number >= 1 << 128:
        raise ValueError(f"not a {prefix}_ id")
    return UUID(int=number)


class PublicIdConverter(BaseConverter):
    """`<pid("ord"):order_id>` in a route gives the view a UUID; anything else is a 404."""

    regex = r"[a-z]{3}_[1-9A-HJ-NP-Za-km-z]{22}"

    def __init__(self, map: Map, prefix: str) -> None:
        super().__init__(map)
        self.prefix = prefix

    def to_python(self, value: str) -> UUID:
        try:
            return decode(self.prefix, value)
        except ValueError as wrong:
            if value.startswith(
                f"{self.prefix}_"
            ):  # too large: no rule may take it, nor a 405 speak of other methods
                raise NotFound from wrong
            raise ValidationError(str(wrong)) from wrong

    def to_url(self, value: UUID | str) -> str:
        return value if isinstance(value, str) else encode(self.prefix, value)
