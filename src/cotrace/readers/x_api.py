"""X API v2: answers with `data`, `includes`, `meta`, one a line or one a file; or one flattened post a line.

The author, and the author and time of a reposted, quoted or answered post, are looked up in `includes` of the same
answer. Links are the expanded ones; the address of a post's own picture is not a link.
"""

from collections.abc import Mapping, Sequence

WHO = "X API v2"
ZONE = ("UTC", "X documents created_at as ISO 8601 in UTC")
PLATFORM = "twitter"
_KNOWN = {"post": "id", "account": "author_id", "account_name": "author.name", "account_handle": "author.username",
          "account_created": "author.created_at", "account_bio": "author.description", "account_site": "author.url",
          "account_avatar": "author.profile_image_url", "at": "created_at", "text": "text", "lang": "lang",
          "client": "source", "kind": "kind", "of": "of", "of_account": "of_account", "of_at": "of_at", "links": "urls",
          "tags": "hashtags", "mentions": "mentions"}
UNWRAPS = (("data",), ("meta",), ("id", "author_id", "text"))  # no object without one of these names is unwrapped
_ACTS = ("retweeted", "replied_to", "quoted")  # the first that a post has is what it does


def mapping(columns: Sequence[str]) -> dict[str, str] | None:
    """Where `unwrap` made the columns; `edit_history`, metrics and the rest are not read."""
    if not {"id", "author_id", "created_at", "text", "kind", "urls"} <= set(columns):
        return None
    return {ours: theirs for ours, theirs in _KNOWN.items() if theirs in columns}


def unwrap(value: dict) -> list[dict] | None:
    """The posts of an answer or of a flattened line; None: something else."""
    data = value.get("data")
    if "data" not in value and {"id", "author_id", "text"} <= value.keys():
        return [_post(value, {}, {})]
    if data is None and isinstance(value.get("meta"), dict) and value["meta"].get("result_count") == 0:
        return []
    posts = [post for post in (data if isinstance(data, list) else [data]) if isinstance(post, dict)]
    if not posts or not all("id" in post and "text" in post for post in posts):
        return None
    includes = _dict(value.get("includes"))
    users = _by_id(includes.get("users"))
    return [_post(post, users, _by_id(includes.get("tweets"))) for post in posts]


def _by_id(listed: object) -> dict[str, dict]:
    if not isinstance(listed, list):
        return {}
    return {str(one["id"]): one for one in listed if isinstance(one, dict) and "id" in one}


def _post(post: Mapping, users: Mapping[str, dict], others: Mapping[str, dict]) -> dict:
    listed = post.get("referenced_tweets")
    seen = {one.get("type"): one for one in (listed if isinstance(listed, list) else []) if isinstance(one, dict)}
    kind = next((act for act in _ACTS if act in seen), None)
    referenced = seen.get(kind, {})
    other = others.get(str(referenced.get("id")), referenced)
    whole = _whole_text(post, kind, other)
    entities = _dict((other if whole is not post.get("text") else post).get("entities"))
    answered = post.get("in_reply_to_user_id") if kind == "replied_to" else None
    author = post.get("author") or users.get(str(post.get("author_id")), {})
    wanted = ("name", "username", "created_at", "description", "url", "profile_image_url")
    return {
        "id": post.get("id"), "author_id": post.get("author_id"), "created_at": post.get("created_at"), "text": whole,
        "lang": post.get("lang"), "source": post.get("source"), "kind": kind or "post",
        "author": {name: author.get(name) for name in wanted} if isinstance(author, dict) else {},
        "of": referenced.get("id"), "of_account": other.get("author_id") or answered, "of_at": other.get("created_at"),
        "urls": _links(entities.get("urls")), "hashtags": _each(entities.get("hashtags"), "tag"),
        "mentions": _each(entities.get("mentions"), "username"),
    }


def _whole_text(post: Mapping, kind: str | None, other: Mapping) -> object:
    """A repost's own text is cut off after 140 signs; the reposted one is whole."""
    text = post.get("text")
    if kind != "retweeted" or not isinstance(text, str) or not isinstance(other.get("text"), str):
        return text
    start = text.split(":", 1)[0]
    return f"{start}: {other['text']}" if start.startswith("RT @") else text


def _dict(value: object) -> Mapping:
    return value if isinstance(value, dict) else {}


def _each(listed: object, key: str) -> list[str]:
    found = listed if isinstance(listed, list) else []
    return [str(one[key]) for one in found if isinstance(one, dict) and one.get(key)]


def _links(listed: object) -> list[str]:
    found = [one for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []
    links = [one.get("expanded_url") or one.get("url") for one in found if "media_key" not in one]
    return [str(link) for link in links if link]
