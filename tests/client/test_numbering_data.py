"""The table of mobile numbers, beside libphonenumber's metadata and numbers that it calls valid."""

import re
from itertools import product

import phonenumbers
import pytest
from phonenumbers import PhoneNumberFormat, format_number

from kwtsms_client import validate_phone_input
from kwtsms_client.countries import COUNTRIES
from kwtsms_client.numbering_plan import LENGTHS_BY_PREFIX, MAX_PREFIXES
from support import catalogue, country_table
from support.number_samples import e164, mobile_numbers

INSTALLED = phonenumbers.__version__
(NAMED,) = re.findall(r"phonenumbers ([\d.]+\d)", country_table.FILE.read_text().splitlines()[0])
ARAB_LEAGUE = (
    *("AE", "BH", "DJ", "DZ", "EG", "EH", "IQ", "JO", "KM", "KW", "LB", "LY", "MA", "MR", "OM"),
    *("PS", "QA", "SA", "SD", "SO", "SY", "TN", "YE"),
)
OTHERS = ("BD", "GB", "GG", "IM", "IN", "IR", "JE", "LK", "NP", "PH", "PK", "TR", "US")
COUNT = 500
# National forms that are valid numbers elsewhere, read with a country code: at most so many of the
# 500, written as is usual in the country, and as bare digits. In version 9.0.43 they are half.
VALID_ELSEWHERE = {
    "AE": (0, 6),  # St. Pierre & Miquelon: 508 and six digits. So are those of SA and SY.
    "BD": (0, 12),  # New Zealand: 64.
    "EH": (0, 26),  # New Caledonia: 687, and its neighbours. So are those of MA.
    "IN": (0, 14),  # Singapore and Pacific islands: 65, 67x.
    "MA": (0, 10),
    "NP": (12, 12),  # The Maldives and Lebanon: 960, 961.
    "SA": (0, 6),
    "SY": (0, 14),
    "TR": (0, 8),  # Cuba: 53.
    "US": (32, 32),  # Denmark, Liechtenstein, Cuba …
}
NOT_IN_SOURCE = ("45", "64")  # The earlier table has more numbers in Denmark and New Zealand.
GULF = {"965": (8, "4569"), "966": (9, "5"), "968": (8, "79"), "971": (9, "5"), "973": (8, "36")}
GULF |= {"974": (8, "3567")}
ASSIGNED = {str(code) for code in phonenumbers.COUNTRY_CODE_TO_REGION_CODE}
UNASSIGNED = [
    f"{code:03}" for code in range(100, 1000) if not {str(code)[:n] for n in (1, 2, 3)} & ASSIGNED
]
DATES = ("2010-{m:02}-{d:02}", "{d:02}-{m:02}-2026", "{m:02}-{d:02}-2026", "{d}/{m}/2026")
TIMES = ("", " 103", " 1030", " 10300", " 103000", " 10:30", "T10:30:00")


@pytest.mark.skipif(INSTALLED != NAMED, reason="made from another version of phonenumbers")
def test_the_table_is_that_of_its_source() -> None:
    """The script would write the same file again."""
    text = country_table.FILE.read_text()

    assert country_table.written(text) == text


@pytest.mark.parametrize("code", country_table.DEVIATIONS)
def test_a_deviation_has_a_reason_and_an_effect(code: str) -> None:
    """A deviation that no longer changes anything is not listed."""
    known = country_table.source_numbers(code)
    both = known | country_table.earlier_numbers(code, known)

    assert country_table.DEVIATIONS[code].reason.endswith(".")
    assert country_table.all_numbers(code) != both


def test_every_country_with_mobiles_is_known() -> None:
    """The codes are those that libphonenumber has mobile numbers for."""
    assert list(COUNTRIES) == country_table.codes()
    assert {"800", "808", "878", "883", "888", "979"} == ASSIGNED - set(COUNTRIES)


@pytest.mark.parametrize("line", country_table.EARLIER_TABLE.splitlines())
def test_a_number_of_the_earlier_table_is_accepted(line: str) -> None:
    """Each first digit and length of the earlier table is kept, under the same name."""
    code, name, lengths, first = line.split("|")
    country = COUNTRIES[code]
    known = {(digit, length) for length, some in country.mobiles.items() for digit in some}
    one_length = len(lengths.split()) == 1 and code not in country_table.DEVIATIONS

    assert country.name == name
    assert not one_length or known >= set(product(first.split(), map(int, lengths.split())))


@pytest.mark.parametrize("code", GULF)
def test_no_gulf_number_is_refused(code: str) -> None:
    """Every number with these first digits is accepted, written with its code and without."""
    length, first = GULF[code]
    for digits in (
        f"{begin}{middle:03}".ljust(length, "7") for begin in first for middle in range(1000)
    ):
        assert validate_phone_input(code + digits) == (True, None, code + digits)
        assert validate_phone_input(digits, default_country=code) == (True, None, code + digits)


def test_kuwait_has_no_other_mobiles() -> None:
    """Eight digits that begin with 4, 5, 6 or 9."""
    assert COUNTRIES["965"].mobiles == {8: ("4", "5", "6", "9")}


def test_a_new_country_has_its_name_in_both_languages() -> None:
    """Names of countries that the earlier table does not have are those of CLDR."""
    earlier = {line.split("|")[0] for line in country_table.EARLIER_TABLE.splitlines()}
    new = sorted(set(COUNTRIES) - earlier - set(country_table.SERVICES))
    arabic = {str(one.id): str(one.string) for one in catalogue.catalogue()}
    english = {code: COUNTRIES[code].name for code in new}

    assert english == {code: country_table.name(code, "en") for code in new}
    assert {code: arabic[name] for code, name in english.items()} == {
        code: country_table.name(code, "ar") for code in new
    }


@pytest.mark.parametrize("region", ARAB_LEAGUE + OTHERS)
def test_valid_mobiles_are_accepted(region: str) -> None:
    """In every spelling with the country code, and in national form with the country as default."""
    numbers = mobile_numbers(region, COUNT)
    code = str(phonenumbers.country_code_for_region(region))

    assert len(numbers) == COUNT
    assert [
        (written, check)
        for number in numbers
        for written in _international_forms(number)
        if (check := validate_phone_input(written)) != (True, None, e164(number))
    ] == []
    assert [
        (written, check)
        for number in numbers
        for written in _national_forms(number)
        if (check := validate_phone_input(written, default_country=code))
        != (True, None, e164(number))
    ] == []


@pytest.mark.parametrize("region", ARAB_LEAGUE + OTHERS)
def test_national_forms_are_refused_without_default_country(region: str) -> None:
    """A local number passes as one abroad only where its very digits are a valid number there."""
    forms = zip(*map(_national_forms, mobile_numbers(region, COUNT)), strict=True)
    accepted = [
        [check.normalized for check in validate_phone_input(list(form)) if check.valid]
        for form in forms
    ]
    counts = tuple(map(len, accepted))

    assert all(map(int.__le__, counts, VALID_ELSEWHERE.get(region, (0, 0)))), counts
    assert all(
        phonenumbers.is_valid_number(phonenumbers.parse(f"+{number}"))
        for number in {*accepted[0], *accepted[1]}
        if not number.startswith(NOT_IN_SOURCE)
    )


def test_us_numbers_with_their_1_are_international() -> None:
    """A national number with 1 in front is the same as one with +1."""
    numbers = [e164(number) for number in mobile_numbers("US", COUNT)]

    assert all(check.valid for check in validate_phone_input(numbers))


@pytest.mark.parametrize("region", sorted(phonenumbers.SUPPORTED_REGIONS - {"TA"}))
def test_a_mobile_of_any_region_is_accepted(region: str) -> None:
    """No region lacks its leading digits, except for the deviations."""
    numbers = [e164(number) for number in mobile_numbers(region, 20)]
    refused = [
        check for check in validate_phone_input([f"+{one}" for one in numbers]) if not check.valid
    ]

    assert not refused or region == "ZA"


@pytest.mark.parametrize("code", UNASSIGNED)
def test_a_code_that_no_country_has_is_refused(code: str) -> None:
    """Whatever the length is, and however it is written."""
    checks = validate_phone_input([code.ljust(length, "5") for length in range(7, 16)])
    checks += validate_phone_input([f"+{code}".ljust(length, "5") for length in range(8, 17)])

    assert {check.valid for check in checks} == {False}
    assert f"no country has the code {code}" in (checks[-1].error or "")


@pytest.mark.parametrize(("date", "time"), list(product(DATES, TIMES)))
def test_no_date_is_a_number(date: str, time: str) -> None:
    """Whatever digits the date and the time have together, alone and in a batch."""
    days = [date.format(m=month, d=day) + time for month in range(1, 13) for day in range(1, 29)]

    assert not any(check.valid for check in validate_phone_input(days))
    assert not any(validate_phone_input(day).valid for day in days)
    assert not any(validate_phone_input(day, default_country="20").valid for day in days)


def test_the_memory_for_prefixes_is_bounded() -> None:
    """However many numbers are checked, no more than so many beginnings are kept."""
    for number in range(MAX_PREFIXES + 100):
        validate_phone_input(f"1{number + 200_000}".ljust(11, "0"))

    assert len(LENGTHS_BY_PREFIX) <= MAX_PREFIXES


def _international_forms(number: phonenumbers.PhoneNumber) -> list[str]:
    """Spellings with the country code."""
    digits = e164(number)
    spaced = format_number(number, PhoneNumberFormat.INTERNATIONAL)
    grouped = spaced.replace("-", " ").split(" ", 1)
    return [
        digits,
        f"+{digits}",
        f"00{digits}",
        spaced,
        f"tel:{spaced}",
        format_number(number, PhoneNumberFormat.RFC3966),
        f"({grouped[0]}) {grouped[1]}",
        f"00{spaced.removeprefix('+').replace(' ', '.')}",
        f"{grouped[0]} (0) {grouped[1]}",
        f"https://wa.me/{digits}",
        f"\u202a{spaced}\u202c",
        spaced.translate(dict(zip(range(48, 58), "٠١٢٣٤٥٦٧٨٩", strict=True))),
    ]


def _national_forms(number: phonenumbers.PhoneNumber) -> list[str]:
    """The spelling that is usual within the country, and the bare digits."""
    return [
        format_number(number, PhoneNumberFormat.NATIONAL),
        phonenumbers.national_significant_number(number),
    ]
