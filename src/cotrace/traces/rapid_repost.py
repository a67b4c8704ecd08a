"""Accounts that repost the same authors within seconds."""

from datetime import timedelta

import polars as pl

from . import trace

AT_MOST = timedelta(seconds=10)  # faster than reading and deciding; the literature's limit (METHOD §1)


@trace(reads=("account", "at", "at_resolution", "kind", "of_account", "of_at"), seconds=True)
def rapid_repost(posts: pl.DataFrame) -> pl.DataFrame:
    """Two actors reposted the same author, each within ten seconds of the original post.

    A repost counts where the data says who wrote the original and when, to the second. Reposts of one's own posts are
    left out, and so are reposts dated before their original, because one of their times is wrong.
    """
    after = pl.col("at") - pl.col("of_at")  # a duration of whole microseconds: it does not wrap after a day
    return posts.filter(
        pl.col("kind") == "share", pl.col("at_resolution") <= 1, after >= timedelta(0), after <= AT_MOST,
        pl.col("of_account").ne_missing(pl.col("account")),
    ).with_columns(object="of_account")
