"""Accounts that repost the same posts."""

import polars as pl

from . import trace


@trace(reads=("kind", "of"))
def repost(posts: pl.DataFrame) -> pl.DataFrame:
    """Two actors reposted the same post.

    A repost counts where the data names the post it repeats; one that is known by its words alone does not.
    """
    return posts.filter(pl.col("kind") == "share").with_columns(object="of")
