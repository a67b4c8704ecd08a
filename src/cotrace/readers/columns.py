"""The layout of last resort: which column is which is guessed from its name, shown, and can be overruled.

It knows no zone and no platform: whoever reads the file has to say them. Columns that carry a verdict or an origin
(`label`, `source`, `class` …) are on no list.
"""

from collections.abc import Mapping, Sequence

import polars as pl

WHO = "guessed from the names of the columns"
NAMES = {  # ours → names seen in exports of tools and platforms, the likeliest first
    "platform": ("platform", "network", "site_name"),
    "post": ("post", "post_id", "postid", "tweet_id", "tweetid", "status_id", "message_id", "msg_id", "content_id",
             "comment_id", "commentid", "video_id", "id_str", "id", "uri", "permalink"),
    "account": ("account", "account_id", "author_id", "user_id", "userid", "actor_id", "actor", "from_id",
                "user.id_str", "user.id", "author.id", "from_user_id", "owner_id", "account.id", "username",
                "user_name", "screen_name", "author", "handle", "user", "author_channel_id", "did", "sender_id",
                "post_owner.id", "authorchannelid.value"),
    "account_kind": ("account_kind", "actor_kind", "account_type", "actor_type", "author_type"),
    "account_name": ("account_name", "author_name", "display_name", "user.name", "author.name", "full_name"),
    "account_handle": ("account_handle", "handle", "screen_name", "username", "user_name", "user.screen_name",
                       "author.username", "account.acct"),
    "account_created": ("account_created", "account_created_at", "account_creation_date", "user_created_at",
                        "user.created_at", "author.created_at", "account.created_at"),
    "account_bio": ("account_bio", "bio", "user_profile_description", "user.description", "author.description",
                    "account.note"),
    "account_site": ("account_site", "user.url", "author.url"),
    "account_avatar": ("account_avatar", "user.profile_image_url_https", "account.avatar"),
    "at": ("at", "posted_at", "created_at", "published_at", "timestamp", "created_utc", "post_created", "date_utc",
           "datetime", "created_time", "createtime", "publish_date", "published", "create_time", "createdat", "time",
           "date", "created", "creation_time", "publishedat"),
    "kind": ("kind", "post_kind", "post_type", "tweet_type"),
    "is_share": ("is_share", "is_retweet", "is_repost"),
    "share_of": ("share_of", "repost_of_post", "repost_of", "retweet_of", "retweeted_id", "retweet_id",
                 "retweeted_status.id_str", "retweeted_status_id", "reblog.id", "fwd_from_message_id"),
    "share_of_account": ("share_of_account", "repost_of_account", "retweeted_user_id", "retweeted_status.user.id_str",
                         "reblog.account.id"),
    "reply_to": ("reply_to", "in_reply_to_status_id_str", "in_reply_to_status_id", "in_reply_to_id", "reply_to_id",
                 "parent_id"),
    "reply_to_account": ("reply_to_account", "in_reply_to_user_id_str", "in_reply_to_user_id", "in_reply_to_account_id",
                         "reply_to_user_id"),
    "quote_of": ("quote_of", "quoted_status_id_str", "quoted_status_id", "quoted_id"),
    "quote_of_account": ("quote_of_account", "quoted_status.user.id_str", "quoted_user_id"),
    "of": ("of",), "of_account": ("of_account",),
    "of_at": ("of_at", "repost_of_at", "retweeted_status.created_at", "reblog.created_at"),
    "place": ("place", "place_id", "page_id", "group_id", "channel_id", "chat_id"),
    "place_kind": ("place_kind",),
    "place_name": ("place_name", "page_name", "group_name", "channel_name", "channel_title"),
    "text": ("text", "full_text", "message", "content", "body", "caption", "tweet", "post_text", "tweet_text",
             "selftext", "video_description", "textdisplay"),
    "links": ("links", "urls", "link", "expanded_urls", "expanded_url", "url_expanded"),
    "tags": ("tags", "hashtags", "hashtag_names"),
    "mentions": ("mentions", "user_mentions", "mentioned_users"),
    "media": ("media", "media_hashes", "image_hashes", "pdq", "pdq_hash", "pdq_hashes"),
    "lang": ("lang", "language"),
    "client": ("client", "client_name", "application.name"),
}
PLACES = {"page_id": "page", "group_id": "group", "channel_id": "channel"}


def mapping(columns: Sequence[str]) -> dict[str, str] | None:
    """Each of ours by its likeliest name; a column serves twice only as account and handle."""
    by_name = {_plain(name): name for name in reversed(columns)}
    guessed: dict[str, str] = {}
    for ours, names in NAMES.items():
        taken = {theirs for mine, theirs in guessed.items() if not (mine == "account" and ours == "account_handle")}
        for name in names:
            if name in by_name and by_name[name] not in taken:
                guessed[ours] = by_name[name]
                break
    return guessed


def _plain(name: str) -> str:
    return name.strip().lower().replace(" ", "_").replace("-", "_")


def finish(rows: pl.DataFrame, mapping: Mapping[str, str]) -> pl.DataFrame:
    """A column named page_id, group_id or channel_id says what kind of place it holds."""
    kind = PLACES.get(_plain(mapping.get("place", "")))
    return rows if kind is None or "place_kind" in rows.columns else rows.with_columns(place_kind=pl.lit(kind))
