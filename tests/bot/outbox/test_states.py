"""The states of a recipient and the steps between them."""

from kwtsms_bot.outbox.states import TRANSITIONS, State

LEFT = {State.IN_FLIGHT, State.SENT, State.DELIVERED, State.UNDELIVERED, State.STUCK}


def test_every_state_has_its_row() -> None:
    """The table has a row for every state."""
    assert set(TRANSITIONS) == set(State)


def test_what_is_sent_is_never_queued_again() -> None:
    """No path leads from an accepted message back to the queue."""
    reachable = {State.SENT}
    for _ in State:
        reachable |= {after for state in reachable for after in TRANSITIONS[state]}

    assert State.QUEUED not in reachable
    assert State.IN_FLIGHT not in reachable


def test_only_what_is_claimed_gets_in_flight() -> None:
    """Only a claimed recipient can be put in flight."""
    sources = {state for state, following in TRANSITIONS.items() if State.IN_FLIGHT in following}

    assert sources == {State.CLAIMED}
