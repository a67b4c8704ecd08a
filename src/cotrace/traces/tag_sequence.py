"""Accounts that use the same hashtags in the same order."""

import polars as pl

from . import trace

MIN_TAGS = 2  # different ones; a single hashtag is a topic, not a trace


@trace(reads=("kind", "tags"))
def tag_sequence(posts: pl.DataFrame) -> pl.DataFrame:
    """Two actors published the same hashtags in the same order, at least two different ones. Reposts are left out.

    Upper and lower case and typographic variants of letters make no difference; one tag more or less, or another
    order, makes another sequence.
    """
    tags = pl.col("tags").list.eval(
        pl.element().str.normalize("NFKC").str.strip_chars("# ").str.to_lowercase()
        .filter(pl.element().str.strip_chars("#＃ ").str.len_chars() > 0)
    )
    return (
        posts.filter(pl.col("kind") != "share").with_columns(tags=tags)
        .filter(pl.col("tags").list.n_unique() >= MIN_TAGS)
        .with_columns(object="#" + pl.col("tags").list.join(" #"))
    )
