"""Country codes, with the length and first digits of their mobile numbers. Pure data.

Taken from the vendor's own clients, and widened where they refuse real mobiles: Argentina
(54 9 + 10), Sudan (1x), Somalia (9x), Myanmar (8-10), Austria (10-11), Mexico (with or without 1).
The gateway has the last word.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Country:
    """Form of the mobile numbers behind a country code; an empty `first` allows any digits."""

    code: str
    name: str
    lengths: tuple[int, ...]
    first: tuple[str, ...]
    keeps_zero: bool = False  # Local numbers begin with a 0 that is part of them.


COUNTRIES: dict[str, Country] = {
    country.code: country
    for country in (
        Country("965", "Kuwait", (8,), ("4", "5", "6", "9")),
        Country("966", "Saudi Arabia", (9,), ("5",)),
        Country("971", "UAE", (9,), ("5",)),
        Country("973", "Bahrain", (8,), ("3", "6")),
        Country("974", "Qatar", (8,), ("3", "5", "6", "7")),
        Country("968", "Oman", (8,), ("7", "9")),
        Country("962", "Jordan", (9,), ("7",)),
        Country("961", "Lebanon", (7, 8), ("3", "7", "8")),
        Country("970", "Palestine", (9,), ("5",)),
        Country("964", "Iraq", (10,), ("7",)),
        Country("963", "Syria", (9,), ("9",)),
        Country("967", "Yemen", (9,), ("7",)),
        Country("20", "Egypt", (10,), ("1",)),
        Country("218", "Libya", (9,), ("9",)),
        Country("216", "Tunisia", (8,), ("2", "4", "5", "9")),
        Country("212", "Morocco", (9,), ("6", "7")),
        Country("213", "Algeria", (9,), ("5", "6", "7")),
        Country("249", "Sudan", (9,), ("1", "9")),
        Country("98", "Iran", (10,), ("9",)),
        Country("90", "Turkey", (10,), ("5",)),
        Country("972", "Israel", (9,), ("5",)),
        Country("91", "India", (10,), ("6", "7", "8", "9")),
        Country("92", "Pakistan", (10,), ("3",)),
        Country("880", "Bangladesh", (10,), ("1",)),
        Country("94", "Sri Lanka", (9,), ("7",)),
        Country("960", "Maldives", (7,), ("7", "9")),
        Country("86", "China", (11,), ("1",)),
        Country("81", "Japan", (10,), ("7", "8", "9")),
        Country("82", "South Korea", (10,), ("1",)),
        Country("886", "Taiwan", (9,), ("9",)),
        Country("65", "Singapore", (8,), ("8", "9")),
        Country("60", "Malaysia", (9, 10), ("1",)),
        Country("62", "Indonesia", (9, 10, 11, 12), ("8",)),
        Country("63", "Philippines", (10,), ("9",)),
        Country("66", "Thailand", (9,), ("6", "8", "9")),
        Country("84", "Vietnam", (9,), ("3", "5", "7", "8", "9")),
        Country("95", "Myanmar", (8, 9, 10), ("9",)),
        Country("855", "Cambodia", (8, 9), ("1", "6", "7", "8", "9")),
        Country("976", "Mongolia", (8,), ("6", "8", "9")),
        Country("44", "UK", (10,), ("7",)),
        Country("33", "France", (9,), ("6", "7")),
        Country("49", "Germany", (10, 11), ("1",)),
        Country("39", "Italy", (10,), ("3",)),
        Country("34", "Spain", (9,), ("6", "7")),
        Country("31", "Netherlands", (9,), ("6",)),
        Country("32", "Belgium", (9,), ()),
        Country("41", "Switzerland", (9,), ("7",)),
        Country("43", "Austria", (10, 11), ("6",)),
        Country("47", "Norway", (8,), ("4", "9")),
        Country("48", "Poland", (9,), ()),
        Country("30", "Greece", (10,), ("6",)),
        Country("420", "Czech Republic", (9,), ("6", "7")),
        Country("46", "Sweden", (9,), ("7",)),
        Country("45", "Denmark", (8,), ()),
        Country("40", "Romania", (9,), ("7",)),
        Country("36", "Hungary", (9,), ()),
        Country("380", "Ukraine", (9,), ()),
        Country("1", "USA/Canada", (10,), ()),
        Country("52", "Mexico", (10, 11), ()),
        Country("55", "Brazil", (11,), ()),
        Country("57", "Colombia", (10,), ("3",)),
        Country("54", "Argentina", (10, 11), ("9",)),
        Country("56", "Chile", (9,), ("9",)),
        Country("58", "Venezuela", (10,), ("4",)),
        Country("51", "Peru", (9,), ("9",)),
        Country("593", "Ecuador", (9,), ("9",)),
        Country("53", "Cuba", (8,), ("5", "6")),
        Country("27", "South Africa", (9,), ("6", "7", "8")),
        Country("234", "Nigeria", (10,), ("7", "8", "9")),
        Country("254", "Kenya", (9,), ("1", "7")),
        Country("233", "Ghana", (9,), ("2", "5")),
        Country("251", "Ethiopia", (9,), ("7", "9")),
        Country("255", "Tanzania", (9,), ("6", "7")),
        Country("256", "Uganda", (9,), ("7",)),
        Country("237", "Cameroon", (9,), ("6",)),
        Country("225", "Ivory Coast", (10,), (), keeps_zero=True),
        Country("221", "Senegal", (9,), ("7",)),
        Country("252", "Somalia", (9,), ("6", "7", "9")),
        Country("250", "Rwanda", (9,), ("7",)),
        Country("61", "Australia", (9,), ("4",)),
        Country("64", "New Zealand", (8, 9, 10), ("2",)),
    )
}
