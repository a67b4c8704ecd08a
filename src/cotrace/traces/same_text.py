"""Accounts that publish the same words."""

import polars as pl

from . import trace

MIN_WORDS = 8      # five words are said by many people on one day; eight rarely (METHOD §1)
MIN_LETTERS = 40   # where words are long or not spaced: below this, greetings and slogans collide by chance
MIN_DENSE = 20     # Han, Kana, Hangul and Thai: a letter says about twice as much and words are not spaced

NOT_WORDS = r"(?i)\b(?:https?://|www\.|pic\.twitter\.com/|t\.co/)\S+|[@＠][\w.]*\w"
INVISIBLE = r"[\p{Cf}\x{FE00}-\x{FE0F}]"  # zero-width marks and variants of emoji, which hide equal words
ONE_CASE = {"ß": "ss", "ς": "σ"}         # letters in use that lower case leaves in two forms


@trace(reads=("kind", "text"))
def same_text(posts: pl.DataFrame) -> pl.DataFrame:
    """Two actors published the same text. Reposts are left out: they are the business of `repost`.

    "The same" ignores upper and lower case, typographic variants of letters, links, mentions and spacing; every other
    letter, digit and sign counts. Compared are texts of which eight words or forty letters are left after that; in
    Chinese, Japanese, Korean and Thai twenty letters.
    """
    bare = (
        pl.col("text").str.normalize("NFKC").str.replace_all(INVISIBLE, "")
        .str.replace_all(NOT_WORDS, " ").str.to_lowercase().str.replace_many(ONE_CASE)
        .str.replace_all(r"[\s\p{Cc}]+", " ").str.strip_chars()
    )
    long_enough = (
        (pl.col("object").str.count_matches(r"\S*\p{L}\S*") >= MIN_WORDS)
        | (pl.col("object").str.count_matches(r"[\p{L}\p{M}]") >= MIN_LETTERS)
        | (pl.col("object").str.count_matches(r"[\p{Han}\p{Hiragana}\p{Katakana}\p{Hangul}\p{Thai}]") >= MIN_DENSE)
    )
    return posts.filter(pl.col("kind") != "share").with_columns(object=bare).filter(long_enough)
