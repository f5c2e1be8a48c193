"""Rules for rich text, in which nothing typed is ever read as mark-up.

https://docs.slack.dev/reference/block-kit/blocks/rich-text-block
"""

from kwtsms_sandbox.slack.blocks.objects import ID, URL
from kwtsms_sandbox.slack.blocks.rules import (
    anything,
    boolean,
    by_type,
    integer,
    list_of,
    one_of,
    shape,
    string,
)

_STYLES = "bold italic strike code underline highlight client_highlight unlink"
_STYLE = shape({}, dict.fromkeys(_STYLES.split(), boolean))
_STYLED = {"style": _STYLE}

INLINE = by_type(
    {
        "text": shape({"text": string(least=1)}, _STYLED),
        "link": shape({"url": URL}, {**_STYLED, "text": string(), "unsafe": boolean}),
        "emoji": shape(
            {"name": string(least=1)}, {**_STYLED, "unicode": string(), "skin_tone": integer()}
        ),
        "user": shape({"user_id": string(least=1)}, _STYLED),
        "channel": shape({"channel_id": string(least=1)}, _STYLED),
        "usergroup": shape({"usergroup_id": string(least=1)}, _STYLED),
        "broadcast": shape({"range": one_of("here", "channel", "everyone")}, _STYLED),
        "color": shape({"value": string(least=1)}, _STYLED),
        "date": shape(
            {"timestamp": integer(), "format": string(least=1)},
            {**_STYLED, "url": URL, "fallback": string()},
        ),
    }
)
_BORDER = integer(0, 1)
_SECTION = shape({"elements": list_of(INLINE)})
PART = by_type(
    {
        "rich_text_section": _SECTION,
        "rich_text_list": shape(
            {
                "style": one_of("bullet", "ordered"),
                "elements": list_of(by_type({"rich_text_section": _SECTION}), least=1),
            },
            {"indent": integer(0, 8), "offset": integer(0), "border": _BORDER},
        ),
        "rich_text_preformatted": shape(
            {"elements": list_of(INLINE)}, {"border": _BORDER, "language": anything}
        ),
        "rich_text_quote": shape({"elements": list_of(INLINE)}, {"border": _BORDER}),
    }
)
RICH_TEXT = shape({"elements": list_of(PART)}, {"block_id": ID})
