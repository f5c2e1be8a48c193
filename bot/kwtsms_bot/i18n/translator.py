"""The bot's two languages: English from the code, Arabic from the catalogue.

A text is a literal where it is used, `say("Sent to {count} numbers.", count=3)`: the code stays
readable, and the catalogue can be checked against it. Standard gettext; independent of Slack.

Arabic runs from right to left, which would reorder the parts of a number, a command or an id within
it: a value that is not Arabic is enclosed in Unicode's isolates when it is put into a text.
https://www.unicode.org/reports/tr9/#Explicit_Directional_Isolates
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from gettext import NullTranslations, translation
from pathlib import Path

DOMAIN = "kwtsms_bridge"
CATALOGUES = Path(__file__).parent / "locale"
LANGUAGES = ("en", "ar")
LTR_ISOLATE, FIRST_STRONG_ISOLATE, POP_ISOLATE = "\u2066", "\u2068", "\u2069"
RTL_MARK = "\u200f"
ISOLATES = re.compile(f"[{LTR_ISOLATE}-{POP_ISOLATE}]")
_ARABIC = re.compile(
    f"[\u0600-\u06ff\u0750-\u077f\ufb50-\ufdff\ufe70-\ufefc{LTR_ISOLATE}-{POP_ISOLATE}]"
)


def N_(text: str) -> str:  # noqa: N802 - As gettext calls it.
    """Marks `text` for the catalogue and returns it; the code that shows it translates it."""
    return text


LIST_SEPARATOR = N_(", ")


@dataclass(frozen=True, slots=True)
class Language:
    """Language of the bot; called with a text, it translates the text."""

    code: str
    _catalogue: NullTranslations = field(repr=False, compare=False)

    def __call__(self, text: str, /, **values: object) -> str:
        """Translates `text` and fills in its `{names}`."""
        translated = self._catalogue.gettext(text)
        return translated.format(**self._isolate_values(values)) if values else translated

    def plural(self, singular: str, plural: str, /, count: int, **values: object) -> str:
        """Translates the form that fits `count`; both texts may contain `{count}`."""
        translated = self._catalogue.ngettext(singular, plural, count)
        return translated.format(count=count, **self._isolate_values(values))

    @property
    def paragraph_mark(self) -> str:
        """An invisible character that begins an Arabic line whose first letter may be Latin."""
        return RTL_MARK if self.code == "ar" else ""

    def ltr(self, value: str) -> str:
        """Keeps a number, a command or an id from left to right within Arabic."""
        return f"{LTR_ISOLATE}{value}{POP_ISOLATE}" if self.code == "ar" else value

    def auto(self, value: str) -> str:
        """Isolates a value within Arabic whose direction only the reader's program can know."""
        return f"{FIRST_STRONG_ISOLATE}{value}{POP_ISOLATE}" if self.code == "ar" else value

    def inline(self, value: str) -> str:
        """Prepares a value for a sentence: kept from left to right if none of it is Arabic."""
        return value if not value or _ARABIC.search(value) else self.ltr(value)

    def join(self, values: Iterable[str]) -> str:
        """Joins values to a list, with the language's separator."""
        return self(LIST_SEPARATOR).join(map(self.inline, values))

    def _isolate_values(self, values: Mapping[str, object]) -> dict[str, object]:
        return {
            name: self.inline(value) if isinstance(value, str) else value
            for name, value in values.items()
        }


@cache
def language(locale: str) -> Language:
    """The language for a locale such as `ar-KW`; English where there is no catalogue for it."""
    code = locale.replace("_", "-").split("-")[0].casefold()
    known = code if code in LANGUAGES else "en"
    catalogue = translation(DOMAIN, CATALOGUES, languages=[known], fallback=True)
    return Language(known, catalogue)


ENGLISH = language("en")
