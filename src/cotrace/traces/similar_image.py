"""Accounts that publish the same picture, or nearly the same one.

Pictures are compared by PDQ, a perceptual hash of 256 bits: another size, another compression, a small mark change a
few bits of it, another picture changes about half. The trace sees hashes alone and never a picture: they come with the
posts, or `cotrace images` computes them from files (docs/images.md). It refuses hashes of pictures that say next to
nothing, such as a blank card, and it never fetches anything.

A SHA-256 has as many digits and does no harm here: of two files it is the same or differs in about half of its bits,
so it pairs those who published the same file.

What many publish (flags, logos, stock photographs, cards that look alike) becomes one object with all its variants,
however many there are, and one object is one occasion; `network.py` sets aside what is common property.
"""

import hashlib

import numpy as np
import polars as pl

from .. import derive
from . import trace

SPELLED = f"^{derive.PICTURE.pattern}$"  # the hash, and its quality where that is known
FEWEST, MOST = 64, 192      # bits set: PDQ sets half of them by construction, fewer where a picture is mostly blank
NOTHING = hashlib.sha256().hexdigest()  # of a file without bytes, which is no picture


@trace(reads=("kind", "media"), whole=True)
def similar_image(posts: pl.DataFrame) -> pl.DataFrame:
    """Two actors published the same picture, or one with small changes: another size, another compression, a mark in a
    corner. Reposts are left out: they are the business of `repost`.

    Pictures are compared by PDQ, a hash of 256 bits; they are alike where at most 31 of these differ. Each group has an
    exemplar, the picture posted most often that is not so near to the exemplar of another group, and every picture
    belongs to the nearest exemplar, at most 31 bits away. So nothing is in a group because it is like something that is
    like the exemplar; but two pictures of one group may differ by more from each other than each from the exemplar.
    Pictures with next to nothing in them (a quality below 50 of 100 where it is known, or a hash with less than a
    quarter or more than three quarters of its bits set) are not compared. Mirrored and turned pictures are others.
    Cards of one layout with another text on them can be alike to this measure: look at both before you believe it.
    """
    shown = (posts.filter(pl.col("kind") != "share", pl.col("media").list.len() > 0).select("post", "media")
             .explode("media").with_columns(found=pl.col("media").str.to_lowercase().str.extract_groups(SPELLED))
             .select("post", hash=pl.col("found").struct[0], quality=pl.col("found").struct[1].cast(pl.Int32))
             .filter(pl.col("hash").is_not_null(), pl.col("hash") != NOTHING,
                     pl.col("quality").is_null() | (pl.col("quality") >= derive.PICTURE_QUALITY))
             .select("post", "hash").unique())
    if shown.is_empty():
        return shown.select("post", object="hash")
    return shown.join(in_groups(shown["hash"]), on="hash").select("post", object=pl.format("pdq:{}", "exemplar"))


def in_groups(hashes: pl.Series, *, workers: int | None = None) -> pl.DataFrame:
    """Hashes of 64 hexadecimal digits, each as often as it was posted; the same for any order and number of workers.

    Returns:
        hash, exemplar, bits (i32, in how many of 256 the two differ, 0–31); sorted by (exemplar, hash). Hashes with
        too few or too many bits set are left out.
    """
    from . import _near  # compiles, and most data hold no hash

    known = (hashes.rename("hash").value_counts(name="posts").sort("posts", "hash", descending=[True, False])
             .select("hash"))
    words = np.frombuffer(bytes.fromhex("".join(known["hash"])), dtype=">u8").astype(np.uint64).reshape(-1, _near.WORDS)
    ones = np.bitwise_count(words).sum(axis=1)
    telling = (ones >= FEWEST) & (ones <= MOST)
    known = known.filter(telling)
    found = _near.group(words[telling], workers=workers)
    return known.with_columns(exemplar=known["hash"].gather(found.exemplar), bits=pl.Series(found.bits)).sort(
        "exemplar", "hash")
