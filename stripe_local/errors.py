"""Refusals in Stripe's words: one exception, rendered by the API as Stripe's error envelope."""

from typing import Any

Json = dict[str, Any]


class StripeError(Exception):
    """What a caller of the API is told.

    `keep` says that the work done before the refusal stays (a declined card leaves a failed charge behind);
    otherwise the call changes nothing.
    """

    def __init__(
        self,
        message: str,
        *,
        status: int = 400,
        type: str = "invalid_request_error",
        code: str | None = None,
        param: str | None = None,
        keep: bool = False,
        **extra: Any,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.keep = keep
        self.body: Json = {"type": type, "message": message}
        if code:
            self.body["code"] = code
            self.body["doc_url"] = f"https://docs.stripe.com/error-codes/{code.replace('_', '-')}"
        if param:
            self.body["param"] = param
        self.body.update({k: v for k, v in extra.items() if v is not None})
