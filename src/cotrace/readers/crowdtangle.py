"""Posts of Facebook pages and public groups, as CrowdTangle exported them until August 2024.

An export names no author: a page or a group speaks for itself. It has no post id beside the address of the post, and
writes times as New York has them, with EST or EDT behind.
"""

from collections.abc import Mapping, Sequence

import polars as pl

WHO = "CrowdTangle, historical data of Facebook"
PLATFORM = "facebook"
_KNOWN = {"post": "URL", "place": "Facebook Id", "at": "Post Created", "text": "Message", "links": "Link"}
_NAMES = {"Page Name": "page", "Page or Account Name": "page", "Group Name": "group"}


def mapping(columns: Sequence[str]) -> dict[str, str] | None:
    """Where the columns are there that every export of pages or groups has."""
    named = [name for name in _NAMES if name in columns]
    if not named or not {"Facebook Id", "Post Created", "URL"} <= set(columns):
        return None
    return {"place_name": named[0], **{ours: theirs for ours, theirs in _KNOWN.items() if theirs in columns}}


def finish(rows: pl.DataFrame, mapping: Mapping[str, str]) -> pl.DataFrame:
    """Whether these are pages or groups is what the column of names is called."""
    kind = _NAMES.get(mapping.get("place_name", ""))
    return rows if kind is None or "place_kind" in rows.columns else rows.with_columns(place_kind=pl.lit(kind))
