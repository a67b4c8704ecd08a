"""Innocent readers, planted into real posts: accounts that copy one identified account, always after it.

Whoever links them to the source accuses people for what they read. The readers are accounts of the data that lead a
life of their own; only the copies are added, and no copy is a repost, an answer or a mention, which would be too
easy.
"""

from collections.abc import Sequence
from datetime import timedelta

import numpy as np
import polars as pl

SOONEST_S, LATEST_S = 120, 2 * 86_400  # "minutes to two days later"


def plant(
    posts: pl.DataFrame, *, identified: str, readers: Sequence[str], seed: int, share: float = 0.5, most: int = 60
) -> pl.DataFrame:
    """Posts with copies added, in the order that a reading has them.

    Args:
        posts: tables.POSTS.
        identified: the actor whose posts are copied.
        readers: actors who copy; each copies a `share` of those posts (0–1), at most `most`, at log-uniform delays.
    """
    random = np.random.default_rng(seed)
    originals = posts.filter(
        pl.col("account") == identified,
        pl.col("kind") == "post",
        pl.col("at").is_not_null(),
        pl.col("text").is_not_null(),
    ).sort("at", "post")
    copies = []
    for number, reader in enumerate(sorted(readers)):
        count = min(most, max(1, round(share * originals.height)))
        for place in np.sort(random.permutation(originals.height)[:count]).tolist():
            delay = float(np.exp(random.uniform(np.log(SOONEST_S), np.log(LATEST_S))))
            row = originals.row(place, named=True)
            copies.append(
                {
                    **row,
                    "account": reader,
                    "post": f"{row['post']}-read-{number}",
                    "receipt": f"planted:{number}#{place + 1}",
                    "at": row["at"] + timedelta(seconds=round(delay)),
                }
            )
    added = pl.DataFrame(copies, schema=posts.schema)
    return pl.concat([posts, added]).sort("at", "post", nulls_last=True)
