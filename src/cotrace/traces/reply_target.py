"""Accounts that answer the same posts or people."""

import polars as pl

from . import trace


@trace(reads=("account", "kind", "of", "of_account"))
def reply_target(posts: pl.DataFrame) -> pl.DataFrame:
    """Two actors answered the same post; where the data does not name the post, the same account.

    Answers to oneself are left out: they continue a thread.
    """
    target = pl.coalesce("post " + pl.col("of"), "account " + pl.col("of_account"))  # an id can be of both
    return (
        posts.filter(pl.col("kind") == "reply", pl.col("of_account").is_null()
                     | pl.col("of_account").ne_missing(pl.col("account")))
        .with_columns(object=target)
    )
