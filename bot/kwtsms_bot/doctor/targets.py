"""Checks whether Apprise can use each URL that is to get warnings. Sends nothing."""

import re
from collections.abc import Sequence

from kwtsms_bot.balance.apprise_notifier import find_unusable
from kwtsms_bot.doctor import Finding, FindingLevel
from kwtsms_bot.i18n.translator import ENGLISH, Language

CHECK = "Apprise"
_SCHEME = re.compile(r"([a-z][a-z0-9+.-]{0,19})://", re.IGNORECASE)


def check(urls: Sequence[str], say: Language = ENGLISH) -> tuple[Finding, ...]:
    """Returns one finding if every URL is usable, else one for each that is not.

    Findings do not quote URLs, which contain secrets.
    """
    if not urls:
        return ()
    try:
        wrong = find_unusable(urls)
    except ImportError:
        what = say("Apprise isn't installed, so alerts.balance.apprise gets no warnings.")
        remedy = "pip install 'kwtsms-bridge[apprise]'"
        return (Finding(CHECK, FindingLevel.PROBLEM, what, remedy),)
    if not wrong:
        what = say("All URLs are valid. To confirm delivery, send a test with the apprise command.")
        return (Finding(CHECK, FindingLevel.OK, what),)
    return tuple(_unusable_url_finding(number, urls[number - 1], say) for number in wrong)


def _unusable_url_finding(number: int, url: str, say: Language) -> Finding:
    found = _SCHEME.match(url)
    kind = say.ltr(found[0]) if found else "–"
    what = say("Apprise doesn't support this URL ({kind}), so it gets no warnings.", kind=kind)
    remedy = say("Fix it in alerts.balance.apprise. See appriseit.com for each service's format.")
    return Finding(f"{CHECK} {number}", FindingLevel.PROBLEM, what, remedy)
