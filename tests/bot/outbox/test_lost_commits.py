"""The connection breaks at a commit: the caller still learns whether it was accepted."""

import pytest

from kwtsms_bot.database import CommitUnknown, DatabaseError
from kwtsms_bot.outbox.store import Cancelled, open_outbox
from support.database import ACTOR, AT, NUMBER, OTHER, new_message, opened, outbox_in
from support.relay import Break, relayed


async def test_what_was_committed_is_accepted(postgres_url: str) -> None:
    """If only the answer to the commit was lost, the message counts as accepted."""
    async with relayed(postgres_url) as (relay, url), outbox_in(url) as outbox:
        relay.break_at_commit(Break.AFTER)
        accepted = await outbox.intake.accept(new_message(NUMBER), AT)

        assert accepted.fresh
        assert await outbox.messages.find(accepted.message.ref)


async def test_what_was_not_committed_is_not_accepted(postgres_url: str) -> None:
    """If the commit never arrived, the message is not accepted, and may be sent again."""
    async with relayed(postgres_url) as (relay, url), outbox_in(url) as outbox:
        relay.break_at_commit(Break.BEFORE)
        with pytest.raises(DatabaseError) as caught:
            await outbox.intake.accept(new_message(NUMBER), AT)

        assert not isinstance(caught.value, CommitUnknown)
        assert await outbox.messages.recent(None, 10) == ()
        assert (await outbox.intake.accept(new_message(OTHER), AT)).fresh


async def test_where_the_database_stays_away_nobody_says_what_nobody_knows(
    postgres_url: str,
) -> None:
    """While the database is away, the outcome is unknown; here it was accepted."""
    async with relayed(postgres_url) as (relay, url), outbox_in(url) as outbox:
        relay.break_at_commit(Break.PERMANENTLY)
        with pytest.raises(CommitUnknown):
            await outbox.intake.accept(new_message(NUMBER), AT)

    async with opened(postgres_url) as database:
        assert len(await open_outbox(database).messages.recent(None, 10)) == 1


async def test_any_other_transaction_says_that_its_commit_was_lost(postgres_url: str) -> None:
    """Other transactions raise CommitUnknown, and their callers check for themselves."""
    async with relayed(postgres_url) as (relay, url), outbox_in(url) as outbox:
        message = (await outbox.intake.accept(new_message(NUMBER), AT)).message
        relay.break_at_commit(Break.AFTER)
        with pytest.raises(CommitUnknown):
            await outbox.cancellation.cancel(message.ref, AT, ACTOR)

        assert await outbox.cancellation.cancel(message.ref, AT, ACTOR) == Cancelled(0, 0)
