"""Creates and ends silences; commands, the form and buttons lead here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kwtsms_bot.commands.base import (
    CommandContext,
    CommandRequest,
    IncidentControl,
    Reply,
    Severity,
    SilenceForm,
)
from kwtsms_bot.commands.bridge.incident_actions import ALREADY, not_set_up_reply
from kwtsms_bot.commands.bridge.silence_text import format_reason, format_target, format_window
from kwtsms_bot.commands.bridge.silence_words import (
    SilenceFault,
    SilenceRequest,
    SilenceSyntaxError,
    read_silence,
)
from kwtsms_bot.commands.error_replies import ROLE_NAMES, actor_of, refuse
from kwtsms_bot.commands.policy import Permission, allows
from kwtsms_bot.i18n.translator import Language
from kwtsms_bot.kuwait_time import KUWAIT_TZ
from kwtsms_bot.outbox.message import DedupeKey

if TYPE_CHECKING:  # Without the section `bridge`, none of its modules is loaded.
    from kwtsms_bot.bridge.incidents.views import IncidentView
    from kwtsms_bot.bridge.silences.silence import Silence
    from kwtsms_bot.bridge.store.silences import CreatedSilence

SILENCE, SILENCES, UNSILENCE = "silence", "silences", "unsilence"
WEEKLY_EXAMPLE = "site=shuwaikh every fri 22:00 for 8h backup"
EXAMPLES = ("A7F3K 2h", "site=shuwaikh 2h new cable", "site=shuwaikh from 22:00 until 06:00")
EXAMPLES_OF = {
    SilenceFault.NO_TARGET: EXAMPLES[:2],
    SilenceFault.BAD_DAY: (WEEKLY_EXAMPLE,),
    SilenceFault.BAD_CONDITION: ("site=shu* 2h",),
}
QUOTES = str.maketrans("“”„«»", '""' + '"' * 3)  # As phones write them.
MAX_ECHOED = 20


async def create(context: CommandContext, request: CommandRequest, text: str) -> Reply:
    """Creates the silence that was typed, or says what is wrong with it."""
    control, say = context.incidents, request.say
    if control is None:
        return not_set_up_reply(say)
    try:
        wanted = read_silence(text.translate(QUOTES), context.now(), KUWAIT_TZ)
    except SilenceSyntaxError as error:
        return _fault_reply(context, error.fault, say)
    is_broad = allows(context.config.access, request.person, Permission.BULK)
    if wanted.incident_ref is not None:
        incident = await control.find(wanted.incident_ref)
        if problem := _incident_problem(context, wanted.incident_ref, incident, say):
            return problem
        if incident is not None and incident.severity.word == "critical" and not is_broad:
            return await refuse(context, request, Permission.BULK, SILENCE)
    key = DedupeKey(SILENCE, request.key)
    if not await context.outbox.intake.use_key_once(key, context.now()):
        return Reply(Severity.INFO, say("Duplicate request ignored."))
    return await _store(context, control, request, wanted, is_broad=is_broad)


async def _store(
    context: CommandContext,
    control: IncidentControl,
    request: CommandRequest,
    wanted: SilenceRequest,
    *,
    is_broad: bool,
) -> Reply:
    created = await control.silence(
        wanted.conditions,
        wanted.incident_ref,
        (wanted.starts_at, wanted.ends_at),
        is_weekly=wanted.is_weekly,
        reason=wanted.reason,
        spares_critical=not is_broad,
        actor=actor_of(request),
    )
    if created is None:
        return await refuse(context, request, Permission.BULK, SILENCE)
    return _created_reply(context, request, created, is_broad=is_broad)


def _created_reply(
    context: CommandContext,
    request: CommandRequest,
    created: CreatedSilence,
    *,
    is_broad: bool,
) -> Reply:
    say, found = request.say, created.silence
    severity, details = Severity.GOOD, []
    if created.incidents:
        details.append(
            say.plural(
                "{count} open incident is silenced.",
                "{count} open incidents are silenced.",
                created.incidents,
            )
        )
    if created.in_flight:
        severity = Severity.WARNING
        details.append(say("An SMS about it had already left."))
    if not is_broad:
        role = say(ROLE_NAMES["bulk"])
        details.append(
            say(
                "Critical alerts are still texted. Silencing them needs the {role} role.",
                role=role,
            )
        )
    line = say.ltr(f"{context.config.slack.command} {UNSILENCE} {found.ref}")
    if found.is_weekly:
        details.append(say("It repeats each week until you type {command}.", command=line))
    else:
        details.append(say("It ends by itself. To end it earlier, type {command}.", command=line))
    title = say("Silence {ref} is set.", ref=found.ref)
    return Reply(severity, title, tuple(details), _facts(context, found, say))


def _facts(context: CommandContext, found: Silence, say: Language) -> tuple[tuple[str, str], ...]:
    facts = [
        (say("Silenced"), format_target(found, say)),
        (say("When"), format_window(found, context.now(), say)),
    ]
    if found.reason:
        facts.append((say("Reason"), format_reason(found.reason, say)))
    return tuple(facts)


async def end(context: CommandContext, request: CommandRequest, ref: str) -> Reply:
    """Ends a silence before its time."""
    control, say = context.incidents, request.say
    if control is None:
        return not_set_up_reply(say)
    ended = await control.end_silence(ref, actor_of(request))
    if ended is None:
        line = say.ltr(f"{context.config.slack.command} {SILENCES}")
        return Reply(
            Severity.ERROR,
            say("No silence has the ID {ref}.", ref=say.auto(ref[:MAX_ECHOED])),
            (say("To see what is silenced, type {command}.", command=line),),
        )
    return Reply(
        Severity.GOOD,
        say("Silence {ref} has ended.", ref=ended.ref),
        (say("What still fires is texted now."),),
        ((say("Silenced"), format_target(ended, say)),),
    )


def form_reply(context: CommandContext, form: SilenceForm, say: Language) -> Reply:
    """The reply that opens the form; it says what to type where Slack does not open it."""
    title = say("Which alerts do you want to silence?")
    return Reply(Severity.INFO, title, examples=_examples(context, EXAMPLES), silence_form=form)


def _fault_reply(context: CommandContext, fault: SilenceFault, say: Language) -> Reply:
    examples = EXAMPLES_OF.get(fault, EXAMPLES)
    return Reply(Severity.ERROR, say(fault.value), examples=_examples(context, examples))


def _examples(context: CommandContext, examples: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(f"{context.config.slack.command} {SILENCE} {one}" for one in examples)


def _incident_problem(
    context: CommandContext, ref: str, incident: IncidentView | None, say: Language
) -> Reply | None:
    """The reply if there is no such open incident."""
    if incident is None:
        line = say.ltr(f"{context.config.slack.command} alerts")
        return Reply(
            Severity.ERROR,
            say("No incident has the ID {refs}.", refs=ref),
            (say("To see what is open, type {command}.", command=line),),
        )
    if incident.state.value == "resolved":
        return Reply(Severity.INFO, say(ALREADY["resolved"][0], ref=ref))
    return None
