"""Addresses that tools post to, by their kind. Pure."""

EVENTS_PATH = "/v2/enqueue"  # PagerDuty's; the token is in the body.
URL_TOKEN_KINDS = ("prtg", "sns")  # They can't send headers.


def hook_address(base: str, kind: str, *, name: str, url_token: str | None) -> str:
    """Returns the address for a tool of this kind, with a token in it if the tool needs that."""
    if kind == "pagerduty":
        return base + EVENTS_PATH
    token = url_token if kind in URL_TOKEN_KINDS else None
    return f"{base}/hooks/{name}/{token}" if token else f"{base}/hooks/{name}"
