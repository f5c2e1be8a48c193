"""The text of a notification, from whichever format it was written in."""

from typing import Any

from apprise import NotifyBase, NotifyFormat

from apprise_kwtsms.markdown import from_markdown
from apprise_kwtsms.plain_text import from_html

# Since Apprise 2.0 a plugin may take several formats as they are, so that links keep their
# address; older versions turn declared HTML into text.
FORMATS = (
    (NotifyFormat.TEXT, NotifyFormat.HTML, NotifyFormat.MARKDOWN)
    if hasattr(NotifyBase, "resolve_format")
    else NotifyFormat.TEXT
)


def as_text(body: str, declared: Any) -> str:
    """The body as text, from the format that was declared for it."""
    if declared == NotifyFormat.HTML:
        return from_html(body)
    return from_markdown(body) if declared == NotifyFormat.MARKDOWN else body
