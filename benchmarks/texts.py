"""Times the cleaning of texts, beside the official Python client from PyPI.

    .venv/bin/python benchmarks/texts.py

Each row is the median of five rounds, both clients in turn on the same texts.
"""

import kwtsms
from side_by_side import Candidate, row, table

from kwtsms_client import clean_message

COUNT = 2000
ENGLISH = ("Backup failed on db-2: the disk is full.", "Your code is 123456, valid for 5 minutes.")
ARABIC = ("نجح النسخ الاحتياطي، شكراً لكم", "تم استلام طلبكم وسيصل خلال يومين")
DIRTY = ("رمزك ١٢٣٤٥٦ صالح لمدة ٥ دقائق", "Server down 🎉 now", "<b>Hello</b> world\u200b")
# Most texts of operations and support teams need no cleaning: here, one text in six does.
MIXED = (*ENGLISH, *ARABIC, *ENGLISH, *ARABIC, *ENGLISH, *ARABIC, *ENGLISH, *DIRTY[:3])


def rows(label: str, kinds: tuple[str, ...]) -> list[str]:
    """The table's rows for these texts: one by one, and as a batch."""
    texts = [kinds[number % len(kinds)] for number in range(COUNT)]
    # Both have to do the same, but for the blanks that they leave where a character was removed.
    pairs = [(kwtsms.clean_message(one), clean_message(one)) for one in kinds]
    assert [one for one, other in pairs if one.split() != other.split()] == []  # noqa: S101
    assert clean_message(texts) == [clean_message(one) for one in texts]  # noqa: S101
    theirs = Candidate("official", lambda: [kwtsms.clean_message(one) for one in texts])
    singly = Candidate("one by one", lambda: [clean_message(one) for one in texts])
    batch = Candidate("a batch", lambda: clean_message(texts))
    return [
        row(f"{label}, {candidate.name}", COUNT, theirs, candidate) for candidate in (singly, batch)
    ]


if __name__ == "__main__":
    found = [*rows("English", ENGLISH), *rows("Arabic", ARABIC), *rows("mixed", MIXED)]
    print(table("text", found + rows("all to be cleaned", DIRTY)))
