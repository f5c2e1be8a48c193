"""Rich text: text in which nothing typed is ever read as mark-up.

https://docs.slack.dev/reference/block-kit/blocks/rich-text-block
"""

from .objects import ID, URL
from .rules import anything, by_type, flag, listed, one_of, shape, string, whole

_STYLES = "bold italic strike code underline highlight client_highlight unlink"
_STYLE = shape({}, dict.fromkeys(_STYLES.split(), flag))
_STYLED = {"style": _STYLE}

INLINE = by_type(
    {
        "text": shape({"text": string(least=1)}, _STYLED),
        "link": shape({"url": URL}, {**_STYLED, "text": string(), "unsafe": flag}),
        "emoji": shape(
            {"name": string(least=1)}, {**_STYLED, "unicode": string(), "skin_tone": whole()}
        ),
        "user": shape({"user_id": string(least=1)}, _STYLED),
        "channel": shape({"channel_id": string(least=1)}, _STYLED),
        "usergroup": shape({"usergroup_id": string(least=1)}, _STYLED),
        "broadcast": shape({"range": one_of("here", "channel", "everyone")}, _STYLED),
        "color": shape({"value": string(least=1)}, _STYLED),
        "date": shape(
            {"timestamp": whole(), "format": string(least=1)},
            {**_STYLED, "url": URL, "fallback": string()},
        ),
    }
)
_BORDER = whole(0, 1)
_SECTION = shape({"elements": listed(INLINE)})
PART = by_type(
    {
        "rich_text_section": _SECTION,
        "rich_text_list": shape(
            {
                "style": one_of("bullet", "ordered"),
                "elements": listed(by_type({"rich_text_section": _SECTION}), least=1),
            },
            {"indent": whole(0, 8), "offset": whole(0), "border": _BORDER},
        ),
        "rich_text_preformatted": shape(
            {"elements": listed(INLINE)}, {"border": _BORDER, "language": anything}
        ),
        "rich_text_quote": shape({"elements": listed(INLINE)}, {"border": _BORDER}),
    }
)
RICH_TEXT = shape({"elements": listed(PART)}, {"block_id": ID})
