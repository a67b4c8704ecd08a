"""The four columns of CooRTweet and CooRnet: who shared which object in which content, and when.

An object may be anything (a link, a hashtag, a reposted post, a picture); the file does not say which. It is read as
a link: an address stays one, anything else becomes an address that names it and can lead nowhere
(https://object.invalid/<id>; .invalid is reserved for that by RFC 2606). A content that stands in several rows, with
one object each, is one post with several links. Times are seconds since 1970, as documented; written out without a
zone they are asked for, as in any file.
"""

from collections.abc import Mapping, Sequence
from urllib.parse import quote

import polars as pl

NOWHERE = "https://object.invalid/"
WHO = "CooRTweet (R package)"


def mapping(columns: Sequence[str]) -> dict[str, str] | None:
    """All four, by name."""
    if not {"object_id", "account_id", "content_id", "timestamp_share"} <= set(columns):
        return None
    return {"post": "content_id", "account": "account_id", "at": "timestamp_share", "links": "object_id"}


def finish(rows: pl.DataFrame, mapping: Mapping[str, str]) -> pl.DataFrame:
    """One object a row becomes a list of one link."""
    if rows.schema.get("links") == pl.List(pl.String) or "links" not in rows.columns:
        return rows
    link = pl.col("links").cast(pl.String).str.strip_chars()
    known = link.is_not_null() & ~link.is_in(["", "NA", "NaN", "null", "None"])  # as R, pandas and JSON write nothing
    objects = rows.select(one=link)["one"].drop_nulls().unique()
    spelled = {one: NOWHERE + quote(one, safe="") for one in objects}
    opaque = link.replace_strict(spelled, default=None, return_dtype=pl.String)
    named = pl.when(link.str.contains(r"^https?://")).then(link).otherwise(opaque)
    return rows.with_columns(links=pl.when(known).then(pl.concat_list(named)), gather=pl.lit(True))
