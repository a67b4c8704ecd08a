"""The archive of information operations that Twitter published 2018–2022: one CSV a campaign.

Hashed and unhashed files have the same columns. Times are whole minutes; lists stand in one cell as [a, b].
"""

from collections.abc import Sequence

WHO = "Twitter, archive of information operations"
ZONE = ("UTC", "Twitter's readme of the archive: tweet_time is in UTC")
PLATFORM = "twitter"
_KNOWN = {"post": "tweetid", "account": "userid", "account_name": "user_display_name",
          "account_handle": "user_screen_name", "account_bio": "user_profile_description",
          "account_site": "user_profile_url", "account_created": "account_creation_date", "lang": "tweet_language",
          "text": "tweet_text", "at": "tweet_time", "client": "tweet_client_name", "reply_to": "in_reply_to_tweetid",
          "reply_to_account": "in_reply_to_userid", "quote_of": "quoted_tweet_tweetid", "is_share": "is_retweet",
          "share_of": "retweet_tweetid", "share_of_account": "retweet_userid", "tags": "hashtags", "links": "urls",
          "mentions": "user_mentions"}


def mapping(columns: Sequence[str]) -> dict[str, str] | None:
    """Where the columns that no other file of Twitter spells so are there."""
    if not {"tweetid", "userid", "tweet_time"} <= set(columns):
        return None
    return {ours: theirs for ours, theirs in _KNOWN.items() if theirs in columns}
