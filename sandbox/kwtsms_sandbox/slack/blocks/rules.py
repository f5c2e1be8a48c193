"""Building blocks for rules that express Block Kit's limits. Knows no block.

A rule takes a value and its JSON pointer and yields what Slack would complain about, in Slack's own
wording where that is known.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

Rule = Callable[[Any, str], Iterator[str]]


def problem(text: str, at: str) -> str:
    """Returns a complaint with its JSON pointer."""
    return f"{text} [json-pointer:{at}]"


def string(most: int | None = None, *, least: int = 0) -> Rule:
    """Returns a rule for a string of `least` to `most` characters."""

    def rule(value: Any, at: str) -> Iterator[str]:
        if not isinstance(value, str):
            yield problem("must be a string", at)
        elif len(value) < least:
            yield problem(f"must be more than {least - 1} characters", at)
        elif most is not None and len(value) > most:
            yield problem(f"must be less than {most + 1} characters", at)

    return rule


def integer(least: int | None = None, most: int | None = None) -> Rule:
    """Returns a rule for a whole number from `least` to `most`."""

    def rule(value: Any, at: str) -> Iterator[str]:
        if not isinstance(value, int) or isinstance(value, bool):
            yield problem("must be an integer", at)
        elif least is not None and value < least:
            yield problem(f"must be at least {least}", at)
        elif most is not None and value > most:
            yield problem(f"must be at most {most}", at)

    return rule


def number(value: Any, at: str) -> Iterator[str]:
    """Rule for any number."""
    if not isinstance(value, int | float) or isinstance(value, bool):
        yield problem("must be a number", at)


def boolean(value: Any, at: str) -> Iterator[str]:
    """Rule for true or false."""
    if not isinstance(value, bool):
        yield problem("must be a boolean", at)


def anything(value: Any, at: str) -> Iterator[str]:  # noqa: ARG001  a rule that never complains
    """Rule that accepts any value, since Slack's own checks are not known."""
    yield from ()


def one_of(*allowed: str) -> Rule:
    """Returns a rule for one of a few words."""

    def rule(value: Any, at: str) -> Iterator[str]:
        if value not in allowed:
            yield problem(f"must be one of {', '.join(allowed)}", at)

    return rule


def list_of(item: Rule, *, least: int = 0, most: int | None = None) -> Rule:
    """Returns a rule for a list of `least` to `most` items, each of which obeys `item`."""

    def rule(value: Any, at: str) -> Iterator[str]:
        if not isinstance(value, list | tuple):
            yield problem("must be an array", at)
            return
        if len(value) < least:
            yield problem(f"no fewer than {least} items required", at)
        if most is not None and len(value) > most:
            yield problem(f"no more than {most} items allowed", at)
        for index, one in enumerate(value):
            yield from item(one, f"{at}/{index}")

    return rule


def shape(need: Mapping[str, Rule] | None = None, may: Mapping[str, Rule] | None = None) -> Rule:
    """Returns a rule for an object: `need` is required, `may` is optional, all else is refused."""
    needed, known = need or {}, {"type": anything, **(need or {}), **(may or {})}

    def rule(value: Any, at: str) -> Iterator[str]:
        if not isinstance(value, Mapping):
            yield problem("must be an object", at)
            return
        for name in needed.keys() - value.keys():
            yield problem(f"missing required field: {name}", at)
        for name, part in value.items():
            if name not in known:
                yield problem(f"invalid additional property: {name}", at)
            else:
                yield from known[name](part, f"{at}/{name}")

    return rule


def by_type(rules: Mapping[str, Rule]) -> Rule:
    """Returns a rule for an object whose `type` selects its rule."""

    def rule(value: Any, at: str) -> Iterator[str]:
        kind = value.get("type") if isinstance(value, Mapping) else None
        if not isinstance(kind, str):
            yield problem("missing required field: type", at)
        elif kind not in rules:
            yield problem(f"unsupported type: {kind}", f"{at}/type")
        else:
            yield from rules[kind](value, at)

    return rule


def all_of(*rules: Rule) -> Rule:
    """Returns a rule that applies all of these rules."""

    def rule(value: Any, at: str) -> Iterator[str]:
        for one in rules:
            yield from one(value, at)

    return rule


def any_field(*names: str) -> Rule:
    """Returns a rule that requires at least one of these fields."""

    def rule(value: Any, at: str) -> Iterator[str]:
        if isinstance(value, Mapping) and not any(value.get(name) for name in names):
            yield problem(f"missing required field: {' or '.join(names)}", at)

    return rule


def not_both(one: str, other: str) -> Rule:
    """Returns a rule that forbids both fields at once."""

    def rule(value: Any, at: str) -> Iterator[str]:
        if isinstance(value, Mapping) and one in value and other in value:
            yield problem(f"cannot provide both {one} and {other}", at)

    return rule
