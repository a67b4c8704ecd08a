"""The troll tweets that FiveThirtyEight and Clemson University published in 2018.

The first release has no tweet id and has rounded the account ids (9.06e17 stands for many accounts), so its accounts
are known by handle and its posts by a digest of author, time and text. The second release has both ids.
"""

import hashlib
from collections.abc import Mapping, Sequence

import polars as pl

WHO = "FiveThirtyEight and Clemson University, Russian troll tweets"
ZONE = ("UTC", "the data's author P. Warren: github.com/fivethirtyeight/russian-troll-tweets/issues/9")
PLATFORM = "twitter"
DATES = "mdy"
_KNOWN = {"account_handle": "author", "text": "content", "lang": "language", "at": "publish_date",
          "is_share": "retweet", "kind": "post_type"}
_LANGUAGES = {  # as Social Studio names them → ISO 639-1
    "albanian": "sq", "arabic": "ar", "bengali": "bn", "bulgarian": "bg", "catalan": "ca", "croatian": "hr",
    "czech": "cs", "danish": "da", "dutch": "nl", "english": "en", "estonian": "et", "farsi (persian)": "fa",
    "finnish": "fi", "french": "fr", "german": "de", "greek": "el", "gujarati": "gu", "hebrew": "he", "hindi": "hi",
    "hungarian": "hu", "icelandic": "is", "indonesian": "id", "italian": "it", "japanese": "ja", "kannada": "kn",
    "korean": "ko", "kurdish": "ku", "latvian": "lv", "lithuanian": "lt", "macedonian": "mk", "malay": "ms",
    "malayalam": "ml", "norwegian": "no", "polish": "pl", "portuguese": "pt", "pushto": "ps", "romanian": "ro",
    "russian": "ru", "serbian": "sr", "simplified chinese": "zh-hans", "slovak": "sk", "slovenian": "sl",
    "somali": "so", "spanish": "es", "swedish": "sv", "tagalog (filipino)": "tl", "tamil": "ta", "telugu": "te",
    "thai": "th", "traditional chinese": "zh-hant", "turkish": "tr", "ukrainian": "uk", "urdu": "ur", "uzbek": "uz",
    "vietnamese": "vi"}


def mapping(columns: Sequence[str]) -> dict[str, str] | None:
    """Where the columns that the tool of the collectors wrote are there."""
    if not {"external_author_id", "author", "content", "publish_date", "harvested_date"} <= set(columns):
        return None
    ids = {"post": "tweet_id"} if "tweet_id" in columns else {}
    account = {"account": "alt_external_id" if "alt_external_id" in columns else "author"}
    return {**ids, **account, **{ours: theirs for ours, theirs in _KNOWN.items() if theirs in columns}}


def finish(rows: pl.DataFrame, mapping: Mapping[str, str]) -> pl.DataFrame:
    """Post ids for the release without; languages by code."""
    if "lang" in rows.columns:
        lang = pl.col("lang").str.to_lowercase()
        rows = rows.with_columns(lang=lang.replace(_LANGUAGES))
    if "post" in rows.columns or not {"account", "at", "text"} <= set(rows.columns):
        return rows
    made = [hashlib.sha256("\n".join(cell or "" for cell in row).encode()).hexdigest()[:32]
            for row in rows.select("account", "at", "text").iter_rows()]
    return rows.with_columns(post=pl.Series(made, dtype=pl.String))
