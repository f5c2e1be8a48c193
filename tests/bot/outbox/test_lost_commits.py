"""The wire breaks at a commit: what was accepted is said to be, what was not is not."""

import pytest

from kwtsms_bot.database import CommitUnknown, DatabaseError
from kwtsms_bot.outbox.store import Cancelled, open_outbox
from support.database import ACTOR, AT, NUMBER, OTHER, new_message, opened, outbox_in
from support.relay import Break, relayed


async def test_what_was_committed_is_accepted(postgres_url: str) -> None:
    """The answer to the commit was lost; the database is asked, and the person hears the truth."""
    async with relayed(postgres_url) as (relay, url), outbox_in(url) as outbox:
        relay.break_at_commit(Break.AFTER)
        accepted = await outbox.intake.accept(new_message(NUMBER), AT)

        assert accepted.fresh
        assert await outbox.messages.find(accepted.message.ref)


async def test_what_was_not_committed_is_not_accepted(postgres_url: str) -> None:
    """The server never heard the commit, and forgets; the same may be asked again."""
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
    """Neither accepted nor not accepted: here it was."""
    async with relayed(postgres_url) as (relay, url), outbox_in(url) as outbox:
        relay.break_at_commit(Break.PERMANENTLY)
        with pytest.raises(CommitUnknown):
            await outbox.intake.accept(new_message(NUMBER), AT)

    async with opened(postgres_url) as database:
        assert len(await open_outbox(database).messages.recent(None, 10)) == 1


async def test_any_other_transaction_says_that_its_commit_was_lost(postgres_url: str) -> None:
    """A decision, a lease: whoever made it finds out for itself."""
    async with relayed(postgres_url) as (relay, url), outbox_in(url) as outbox:
        message = (await outbox.intake.accept(new_message(NUMBER), AT)).message
        relay.break_at_commit(Break.AFTER)
        with pytest.raises(CommitUnknown):
            await outbox.cancellation.cancel(message.ref, AT, ACTOR)

        assert await outbox.cancellation.cancel(message.ref, AT, ACTOR) == Cancelled(0, 0)
