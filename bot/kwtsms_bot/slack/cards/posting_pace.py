"""The pace of posts and edits about incidents, which Slack limits. Performs no I/O.

https://docs.slack.dev/apis/web-api/rate-limits
"""

from collections.abc import Callable

POST_SECONDS = 1.0  # Between two posts in a channel, a thread or a direct message.
# Edits of all cards: at most 10 at once and 40 in any minute; chat.update allows 50.
EDIT_BURST, EDIT_SECONDS = 10, 2.0


class PostingPace:
    """The pace of all cards: posts by channel, and one budget of edits for all of them.

    The edits that are left are a bucket that gains one every two seconds.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._left, self._counted_at = float(EDIT_BURST), clock()
        self._next_post: dict[str, float] = {}  # By channel.

    def seconds_until_edit(self) -> float:
        """Returns how long an edit has to wait; at most 0 if one is left."""
        now = self._clock()
        gained = (now - self._counted_at) / EDIT_SECONDS
        self._left, self._counted_at = min(EDIT_BURST, self._left + gained), now
        return max(0.0, (1 - self._left) * EDIT_SECONDS)

    def count_edit(self) -> None:
        """Counts an edit."""
        self._left -= 1

    def seconds_until_post(self, channel: str) -> float:
        """Returns how long a post in a channel has to wait; at most 0 if it need not."""
        return self._next_post.get(channel, 0.0) - self._clock()

    def count_post(self, channel: str) -> None:
        """Counts a post in a channel."""
        now = self._clock()
        self._next_post = {one: at for one, at in self._next_post.items() if at > now}
        self._next_post[channel] = now + POST_SECONDS
