"""Accounts that publish nearly the same words.

It lives beside `same_text` and takes nothing from it: one post leaves a trace in both, and is not evidence twice,
because pairs are tested in each trace alone and counts of two traces are never added up. What would only repeat
`same_text` (a group in which all texts are the same) gives no action, so that the family of tests grows by what is new
and by nothing else. Inside a group with a variant, identical texts act as well: who pasted the original acts with who
changed a word in it.

Words that many use with something of their own in them (share buttons, greetings, job adverts, the weather) become one
object, however many texts they are, and one object is one occasion.
"""

import hashlib

import polars as pl

from . import _alike, trace
from .same_text import same_text

LONGEST = 2_000  # letters: an article is known by less, and one post cannot cost as much as a thousand
DIGITS = 32      # of a SHA-256: two groups of one name have to be made on purpose, by 2^64 attempts


@trace(reads=("kind", "text"), whole=True)
def similar_text(posts: pl.DataFrame) -> pl.DataFrame:
    """Two actors published nearly the same text, such as one text with words replaced, added or left out. Reposts are
    left out: they are the business of `repost`.

    Texts are compared by their runs of five letters: of all different runs that two texts have, four fifths in common
    make a copy, a half an edited one. Each group has an exemplar, the text posted most often that is not half like the
    exemplar of another group, and every text belongs to the exemplar that it is most like, at least by half. So nothing
    is in a group because it is like something that is like the exemplar; but two edited texts of one group may be less
    like each other than each is like the exemplar. Compared are the texts that `same_text` compares, of long ones the
    first two thousand letters. A group in which all texts are the same is the business of `same_text`, and left out.
    """
    written = same_text.objects(posts).select("post", text="object")
    texts = in_groups(written["text"])
    return written.join(texts.select("text", object="group"), on="text")


def in_groups(written: pl.Series, *, workers: int | None = None) -> pl.DataFrame:
    """Texts of groups that hold more than one text; the same for any order of posts and any number of workers.

    Returns:
        text, group (digest of the exemplar), exemplar, common and either (i32, runs of five letters: common ÷ either is
        how much the text is like the exemplar, 0.5–1); sorted by (group, text).
    """
    texts = (written.rename("text").value_counts(name="posts").sort("posts", "text", descending=[True, False])
             .select("text"))
    found = _alike.group(texts["text"].str.slice(0, LONGEST).to_list(), workers=workers)
    likeness = {"place": found.exemplar, "common": found.common, "either": found.either}
    several = (texts.with_columns(pl.Series(name, column) for name, column in likeness.items())
               .filter(pl.col("place") >= 0, pl.len().over("place") > 1))
    exemplars = texts["text"].gather(several["place"])
    names = {text: hashlib.sha256(text.encode()).hexdigest()[:DIGITS] for text in exemplars.unique()}
    return (several.with_columns(group=exemplars.replace_strict(names, return_dtype=pl.String), exemplar=exemplars)
            .select("text", "group", "exemplar", "common", "either").sort("group", "text"))
