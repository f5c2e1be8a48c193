"""An account at the gateway, as its owner and the vendor have set it up."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

MOST_CREDITS = 10**9  # what JSON and people can still read


def check_amounts(amounts: Iterable[tuple[str, Decimal]]) -> None:
    """Checks that each amount is finite and in range.

    Raises:
        ValueError: one line for each wrong amount, with its name and the expected range.
    """
    problems = [
        f"{name}: expected 0 to {MOST_CREDITS}, got {amount}"
        for name, amount in amounts
        if not amount.is_finite() or not 0 <= amount <= MOST_CREDITS
    ]
    if problems:
        raise ValueError("\n".join(problems))


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewayAccount:
    """Gateway account: credentials, sender IDs, coverage, rates and access; not its balance."""

    username: str
    password: str = field(repr=False)
    credits: Decimal = Decimal(1000)  # at the start
    sender_ids: tuple[str, ...] = ("KWT-SMS", "MY-APP")
    banned_sender_ids: tuple[str, ...] = ()
    coverage: tuple[str, ...] = ("965",)
    rates: Mapping[str, Decimal] = field(default_factory=dict)  # credits a page, by prefix
    api_enabled: bool = True  # else ERR001
    api_access: bool = True  # else ERR004
    blocked: bool = False  # ERR005
    allowed_addresses: tuple[str, ...] = ()  # none: any; else ERR024 for the others

    def __post_init__(self) -> None:
        """Checks the credits and the rates.

        Raises:
            ValueError: one line for each wrong field, with the expected range.
        """
        rates = ((f"rates.{prefix}", rate) for prefix, rate in self.rates.items())
        check_amounts([("credits", self.credits), *rates])

    def covers(self, number: str) -> bool:
        """Whether the number's country is active."""
        return number.startswith(self.coverage) if self.coverage else False

    def rate(self, number: str) -> Decimal:
        """Returns the credits for one page to `number`, by the longest matching prefix, else 1."""
        matching = [prefix for prefix in self.rates if number.startswith(prefix)]
        return self.rates[max(matching, key=len)] if matching else Decimal(1)


DEMO_ACCOUNT = GatewayAccount(
    username="demo",
    password="demo-password",  # noqa: S106  public, and protects nothing
    coverage=("965", "966", "971"),
)
