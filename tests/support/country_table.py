"""The table of mobile numbers, made from libphonenumber's metadata and the table before it.

Only the first three digits behind a country code and the length are kept: a pattern for each number
would take several times as long to match.
"""

import re
import textwrap
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

import phonenumbers
from babel import Locale
from phonenumbers import COUNTRY_CODE_TO_REGION_CODE, PhoneMetadata

FILE = Path(__file__).parents[2] / "bot" / "kwtsms_client" / "countries.py"
PREFIX_DIGITS = 3
SERVICE_REGION = "001"  # libphonenumber's region of the codes that belong to no country.
SERVICES = {  # CLDR has no names for them.
    "870": "Inmarsat",
    "881": "Global Mobile Satellite System",
    "882": "International Networks",
}
# The table of the vendor's own clients, widened where it refused real mobiles: the name, the
# lengths and the first digits behind the country code. Each number in it is still accepted, except
# where a length does not belong to the digits, and except for DEVIATIONS.
EARLIER_TABLE = """\
965|Kuwait|8|4 5 6 9
966|Saudi Arabia|9|5
971|UAE|9|5
973|Bahrain|8|3 6
974|Qatar|8|3 5 6 7
968|Oman|8|7 9
962|Jordan|9|7
961|Lebanon|7 8|3 7 8
970|Palestine|9|5
964|Iraq|10|7
963|Syria|9|9
967|Yemen|9|7
20|Egypt|10|1
218|Libya|9|9
216|Tunisia|8|2 4 5 9
212|Morocco|9|6 7
213|Algeria|9|5 6 7
249|Sudan|9|1 9
98|Iran|10|9
90|Turkey|10|5
972|Israel|9|5
91|India|10|6 7 8 9
92|Pakistan|10|3
880|Bangladesh|10|1
94|Sri Lanka|9|7
960|Maldives|7|7 9
86|China|11|1
81|Japan|10|7 8 9
82|South Korea|10|1
886|Taiwan|9|9
65|Singapore|8|8 9
60|Malaysia|9 10|1
62|Indonesia|9 10 11 12|8
63|Philippines|10|9
66|Thailand|9|6 8 9
84|Vietnam|9|3 5 7 8 9
95|Myanmar|8 9 10|9
855|Cambodia|8 9|1 6 7 8 9
976|Mongolia|8|6 8 9
44|UK|10|7
33|France|9|6 7
49|Germany|10 11|1
39|Italy|10|3
34|Spain|9|6 7
31|Netherlands|9|6
32|Belgium|9|1 2 3 4 5 6 7 8 9
41|Switzerland|9|7
43|Austria|10 11|6
47|Norway|8|4 9
48|Poland|9|1 2 3 4 5 6 7 8 9
30|Greece|10|6
420|Czech Republic|9|6 7
46|Sweden|9|7
45|Denmark|8|1 2 3 4 5 6 7 8 9
40|Romania|9|7
36|Hungary|9|1 2 3 4 5 6 7 8 9
380|Ukraine|9|1 2 3 4 5 6 7 8 9
1|USA/Canada|10|1 2 3 4 5 6 7 8 9
52|Mexico|10 11|1 2 3 4 5 6 7 8 9
55|Brazil|11|1 2 3 4 5 6 7 8 9
57|Colombia|10|3
54|Argentina|10 11|9
56|Chile|9|9
58|Venezuela|10|4
51|Peru|9|9
593|Ecuador|9|9
53|Cuba|8|5 6
27|South Africa|9|6 7 8
234|Nigeria|10|7 8 9
254|Kenya|9|1 7
233|Ghana|9|2 5
251|Ethiopia|9|7 9
255|Tanzania|9|6 7
256|Uganda|9|7
237|Cameroon|9|6
225|Ivory Coast|10|0 1 2 3 4 5 6 7 8 9
221|Senegal|9|7
252|Somalia|9|6 7 9
250|Rwanda|9|7
61|Australia|9|4
64|New Zealand|8 9 10|2
"""

Numbers = set[tuple[str, int]]  # Leading digits, at most three, and the length behind the code.


class Deviation(NamedTuple):
    """A deliberate difference from both sources: leading digits by length, and its reason."""

    reason: str
    added: Mapping[int, str] = {}
    omitted: Mapping[int, str] = {}


DEVIATIONS = {
    "1": Deviation(
        "An area code begins with 2 to 9, and new ones are assigned every year.",
        added={10: "2 3 4 5 6 7 8 9"},
        omitted={10: "1"},
    ),
    "27": Deviation(
        "South Africa's mobiles have nine digits; fewer are numbers of services.",
        omitted={5: "8", 6: "8", 7: "8", 8: "8"},
    ),
    "52": Deviation(
        "Mexico's mobiles had a 1 in front until 2020, and are still written so.",
        added={10: "2 3 4 5 6 7 8 9", 11: "1"},
        omitted={10: "1", 11: "2 3 4 5 6 7 8 9"},
    ),
}


class _Pattern:
    """A regular expression of libphonenumber, reduced to the numbers that it matches.

    Its patterns consist of digits, classes of them, groups, alternatives and counts.
    """

    _COUNT = re.compile(r"\{(\d+)(?:,(\d+))?\}|\?")
    _CLASS = re.compile(r"(\d)(?:-(\d))?")

    def __init__(self, pattern: str) -> None:
        self._text = pattern
        self._at = 0

    def numbers(self) -> Numbers:
        """The numbers that the pattern matches."""
        found = self._alternatives()
        if self._at < len(self._text):
            raise ValueError(f"{self._text!r} cannot be read from {self._at} on")
        return found

    def _next(self) -> str:
        return self._text[self._at : self._at + 1]

    def _alternatives(self) -> Numbers:
        found = self._sequence()
        while self._next() == "|":
            self._at += 1
            found |= self._sequence()
        return found

    def _sequence(self) -> Numbers:
        found: Numbers = {("", 0)}
        while self._next() not in ("", "|", ")"):
            part = self._part()
            fewest, most = self._count()
            repeated: Numbers = set() if fewest else set(found)
            for times in range(1, most + 1):
                found = _joined(found, part)
                repeated |= found if times >= fewest else set()
            found = repeated
        return found

    def _part(self) -> Numbers:
        char = self._next()
        self._at += 1
        if char == "(":
            self._at += len("?:")
            found = self._alternatives()
            self._at += 1
            return found
        if char == "[":
            end = self._text.index("]", self._at)
            ranges = self._CLASS.findall(self._text[self._at : end])
            self._at = end + 1
            return {(str(d), 1) for a, b in ranges for d in range(int(a), int(b or a) + 1)}
        if self._text.startswith(r"\d", self._at - 1):
            self._at += 1
            return {(digit, 1) for digit in "0123456789"}
        if not char.isdigit():
            raise ValueError(f"{self._text!r} cannot be read from {self._at - 1} on")
        return {(char, 1)}

    def _count(self) -> tuple[int, int]:
        found = self._COUNT.match(self._text, self._at)
        if found is None:
            return 1, 1
        self._at = found.end()
        return (0, 1) if found[0] == "?" else (int(found[1]), int(found[2] or found[1]))


def _joined(begin: Numbers, end: Numbers) -> Numbers:
    """The numbers of `begin` followed by those of `end`."""
    return {
        ((first + then)[:PREFIX_DIGITS] if len(first) == length else first, length + more)
        for first, length in begin
        for then, more in end
    }


def regions() -> dict[str, tuple[str, ...]]:
    """The regions of each assigned code, the main one first."""
    return {str(code): found for code, found in COUNTRY_CODE_TO_REGION_CODE.items()}


def codes() -> list[str]:
    """The assigned codes that have mobiles: some services have none, such as +800."""
    return sorted(code for code in regions() if mobile_patterns(code))


def mobile_patterns(code: str) -> list[str]:
    """The patterns that libphonenumber has of the mobiles behind a country code, one a region."""
    metadata = [
        PhoneMetadata.metadata_for_nongeo_region(int(code))
        if region == SERVICE_REGION
        else PhoneMetadata.metadata_for_region(region)
        for region in regions()[code]
    ]
    found = [one.mobile.national_number_pattern for one in metadata if one and one.mobile]
    return [one for one in found if one]


def source_numbers(code: str) -> Numbers:
    """The mobile numbers that libphonenumber knows behind a country code."""
    return {one for pattern in mobile_patterns(code) for one in _Pattern(pattern).numbers()}


def earlier_numbers(code: str, known: Numbers) -> Numbers:
    """The numbers of the earlier table, with the lengths that `known` has for their digits.

    Where it knows none, or the earlier table has one length only, that table's lengths stay.
    """
    for line in EARLIER_TABLE.splitlines():
        row, _, lengths, first = line.split("|")
        if row == code:
            accepted = _expanded({int(length): first for length in lengths.split()})
            one_length = len(lengths.split()) == 1
            return accepted if one_length else {one for one in accepted if _fits(one, known)}
    return set()


def deviating_numbers(code: str) -> tuple[Numbers, Numbers]:
    """The numbers that a deviation adds, and those that it leaves out."""
    deviation = DEVIATIONS.get(code)
    if deviation is None:
        return set(), set()
    return _expanded(deviation.added), _expanded(deviation.omitted)


def all_numbers(code: str) -> Numbers:
    """The numbers that are accepted behind a country code."""
    known = source_numbers(code)
    added, omitted = deviating_numbers(code)
    return (known | earlier_numbers(code, known) | added) - omitted


def name(code: str, language: str) -> str:
    """The name of a country in a language: the earlier table's in English, or that of CLDR."""
    if language == "en":
        for line in EARLIER_TABLE.splitlines():
            if line.startswith(f"{code}|"):
                return line.split("|")[1]
        if code in SERVICES:
            return SERVICES[code]
    territories = Locale(language).territories
    both = regions()[code] if code == "7" else regions()[code][:1]  # Russia and Kazakhstan.
    return "/".join(territories[region] for region in both)


def table() -> str:
    """The table as `countries.py` holds it: a line for each code, continued after a blank."""
    lines = []
    for code in codes():
        by_length: dict[int, set[str]] = {}
        for prefix, length in all_numbers(code):
            by_length.setdefault(length, set()).add(prefix)
        numbers = [
            f"{length}: {' '.join(_shortest(prefixes))}"
            for length, prefixes in sorted(by_length.items())
        ]
        line = " | ".join([f"{code} {name(code, 'en')}", *numbers])
        lines.append(textwrap.fill(line, 100, subsequent_indent="  ", break_on_hyphens=False))
    return "".join(f"{line}\n" for line in lines)


def written(file: str) -> str:
    """The text of `countries.py` with a new first line and a new table."""
    first = f"phonenumbers {phonenumbers.__version__}"
    file = re.sub(r"phonenumbers [\d.]+\d", first, file, count=1)
    return re.sub(r'(?s)(?<=_TABLE = """\\\n).*?(?=""")', lambda _: table(), file, count=1)


def _expanded(numbers: Mapping[int, str]) -> Numbers:
    """The numbers with leading digits of three digits each."""
    return {
        (f"{prefix:03}", length)
        for length, firsts in numbers.items()
        for first in firsts.split()
        for prefix in range(int(first) * 100, int(first) * 100 + 100)
    }


def _fits(number: tuple[str, int], known: Numbers) -> bool:
    """Whether the longest leading digits that are known in any length are known in this one."""
    prefix, length = number
    for digits in (3, 2, 1):
        lengths = {other for one, other in known if one.startswith(prefix[:digits])}
        if lengths:
            return length in lengths
    return True


def _shortest(prefixes: Iterable[str]) -> list[str]:
    """The leading digits, with ten that differ in the last one only as one."""
    found = set(prefixes)
    for digits in range(PREFIX_DIGITS, 1, -1):
        for shorter in {one[:-1] for one in found if len(one) == digits}:
            ten = {f"{shorter}{digit}" for digit in range(10)}
            if ten <= found:
                found = (found - ten) | {shorter}
    return sorted(found)
