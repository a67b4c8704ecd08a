"""Our own table of posts, as a case keeps it: reading what we wrote gives the same posts."""

from collections.abc import Sequence

from ..tables import POSTS

WHO = "cotrace"
ZONE = ("UTC", "a table of posts of cotrace is in UTC")


def mapping(columns: Sequence[str]) -> dict[str, str] | None:
    """Where the columns are ours by name."""
    if not {"platform", "post", "account", "at", "receipt", "at_resolution"} <= set(columns):
        return None
    return {name: name for name in POSTS if name in columns and name not in ("receipt", "at_resolution")}
