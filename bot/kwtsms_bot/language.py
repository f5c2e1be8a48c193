"""The bot's two languages: English as it stands in the code, Arabic from the catalogue.

A text is a literal where it is said, `say("Sent to {count} numbers.", count=3)`, so that the code
reads and the catalogue can be held against it. Standard gettext; nothing here knows Slack.
"""

from dataclasses import dataclass, field
from functools import cache
from gettext import NullTranslations, translation
from pathlib import Path

DOMAIN = "kwtsms_bridge"
CATALOGUES = Path(__file__).parent / "locale"
LANGUAGES = ("en", "ar")


@dataclass(frozen=True, slots=True)
class Language:
    """One language; call it with a text to have it said in that language."""

    code: str
    _catalogue: NullTranslations = field(repr=False, compare=False)

    def __call__(self, text: str, /, **values: object) -> str:
        """`text` in this language, its `{names}` filled in."""
        said = self._catalogue.gettext(text)
        return said.format(**values) if values else said

    def ltr(self, value: str) -> str:
        """A number, a command or an id, kept from left to right within Arabic."""
        return f"\u2066{value}\u2069" if self.code == "ar" else value

    def plural(self, one: str, many: str, /, count: int, **values: object) -> str:
        """The form that suits `count`, which both texts may name as `{count}`."""
        return self._catalogue.ngettext(one, many, count).format(count=count, **values)


@cache
def language(locale: str) -> Language:
    """The language for a locale such as `ar-KW`; English where there is no catalogue for it."""
    code = locale.replace("_", "-").split("-")[0].casefold()
    known = code if code in LANGUAGES else "en"
    found = translation(DOMAIN, CATALOGUES, languages=[known], fallback=True)
    return Language(known, found)


def marked(text: str) -> str:
    """`text` itself: it stands in a table, and is said from there."""
    return text


ENGLISH = language("en")
