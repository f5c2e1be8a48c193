"""The answer to somebody who may not, or not now; it is on record before it is told."""

from kwtsms_bot import logs
from kwtsms_bot.commands.base import Ask, Desk, Reply, Tone
from kwtsms_bot.commands.policy import ROLES, Action
from kwtsms_bot.kuwait import ZONE
from kwtsms_bot.language import Language
from kwtsms_bot.outbox.limits import Breach, Limit, OverLimit
from kwtsms_bot.outbox.store import By, Paused


def by(ask: Ask) -> By:
    """Who asks, for the ledger."""
    person = ask.person
    return By(person.user, person.team, person.channel, logs.request())


async def record(desk: Desk, ask: Ask, decision: str, about: tuple[Action, str, str]) -> None:
    """Adds what was decided to the ledger; `about` is the action, its subject and the detail.

    What is done has its line in the transaction that does it: the store writes that.
    """
    action, subject, detail = about
    line = by(ask).line(desk.now(), action.value, decision, subject=subject, detail=detail)
    await desk.audit.record(line)


async def refuse(desk: Desk, ask: Ask, action: Action, subject: str) -> Reply:
    """The answer to somebody who does not hold the role."""
    where = ask.person.channel or "no channel"
    detail = f"needs one of: {', '.join(ROLES[action])}; asked in {where}"
    await record(desk, ask, "refused", (action, subject, detail))
    say, person = ask.say, ask.person
    if not person.known:
        title = say("Slack does not say who you are. Nothing was done.")
        return Reply(Tone.WARNING, title, (say("Try again in a minute."),))
    details = [
        say(
            "Ask an administrator of the bot for the role {role}: it is given in config.yaml, "
            "under access.",
            role=ROLES[action][0],
        )
    ]
    if person.outsider:
        details.append(
            say("Guests and people from other workspaces need it for their own Slack id.")
        )
    facts = [(say("Your Slack id"), person.user)]
    if person.channel:
        facts.append((say("This channel"), person.channel))
    title = say("You may not do that here.")
    return Reply(Tone.BAD, title, tuple(details), tuple(facts))


async def over_limit(desk: Desk, ask: Ask, error: OverLimit) -> Reply:
    """The answer to a message that would be too much: which limit, and when it ends."""
    over = error.breach
    await record(desk, ask, "refused", (Action.SEND, "send", f"over the limit: {over.limit}"))
    return Reply(
        Tone.BAD, ask.say("Nothing was sent: that would be too much."), _limit(over, ask.say)
    )


def _limit(over: Breach, say: Language) -> tuple[str, ...]:
    until = over.ends_at.astimezone(ZONE).strftime("%H:%M")
    if over.limit is Limit.PERSON:
        what = say.plural(
            "One person may send {count} message in an hour.",
            "One person may send {count} messages in an hour.",
            over.most,
        )
    elif over.limit is Limit.NUMBER:
        what = say.plural(
            "One phone may get {count} message in an hour.",
            "One phone may get {count} messages in an hour.",
            over.most,
        )
    else:
        what = say.plural(
            "All people together may spend {count} credit a day; {left} are left of today's.",
            "All people together may spend {count} credits a day; {left} are left of today's.",
            over.most,
            left=over.left,
        )
    when = say("That ends at {time} (Kuwait).", time=until)
    return what, when, say("An administrator can change it in config.yaml, under limits.")


def paused(error: Paused, slash: str, say: Language) -> Reply:
    """The answer while an administrator has stopped all sending."""
    pause = error.pause
    since = pause.at.astimezone(ZONE).strftime("%H:%M")
    facts = [(say("Paused by"), pause.actor), (say("Since"), since)]
    if pause.reason:
        facts.append((say("Reason"), pause.reason))
    title = say("All sending is paused. Nothing was sent.")
    details = (say("An administrator can lift it with {command}.", command=f"{slash} resume"),)
    return Reply(Tone.WARNING, title, details, tuple(facts))
