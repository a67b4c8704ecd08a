"""One table for posts of any platform: account_id, post_id, posted_at, repost_of_post …, as research collections use.

Columns that carry a verdict (`label`) or an origin (`source`) are never read.
"""

from collections.abc import Sequence

WHO = "collections with the columns account_id, post_id, posted_at"
_KNOWN = {"platform": "platform", "post": "post_id", "account": "account_id", "account_name": "account_name",
          "account_created": "account_created", "at": "posted_at", "text": "text", "links": "urls", "tags": "hashtags",
          "mentions": "mentions", "share_of": "repost_of_post", "share_of_account": "repost_of_account",
          "reply_to": "reply_to", "lang": "lang"}


def mapping(columns: Sequence[str]) -> dict[str, str] | None:
    """Where the three columns that name the layout are there."""
    if not {"account_id", "post_id", "posted_at"} <= set(columns):
        return None
    return {ours: theirs for ours, theirs in _KNOWN.items() if theirs in columns}
