"""Rows in our column names → POSTS and the people in them. The only cleaning there is.

Cleaning is what makes the same fact one spelling: ids get their platform, times become UTC, lists become lists, ""
becomes null. It repairs nothing: what is present and wrong is handed back as a reject with its reason. Doing it twice
changes nothing. It knows no file format; which column is which was settled before (`reading.py`).
"""

import functools
import json
import operator
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import polars as pl

from .errors import InputError
from .tables import POSTS, TIME

ROWS = {  # what a column of a file can be; the left side of --column ours=theirs
    "platform": "name of the platform of this post",
    "post": "id of the post",
    "account": "id of who published it",
    "account_kind": "account, page, group or channel",
    "account_name": "display name",
    "account_handle": "handle, without @",
    "account_created": "when the account was made",
    "account_bio": "self-description",
    "account_avatar": "address or hash of the picture",
    "account_site": "the site that the account calls its own",
    "at": "when it was published",
    "kind": "post, share, reply or quote",
    "is_share": "true where it is a repost",
    "share_of": "id of the post that it reposts",
    "share_of_account": "id of that post's author",
    "reply_to": "id of the post that it answers",
    "reply_to_account": "id of that post's author",
    "quote_of": "id of the post that it quotes",
    "quote_of_account": "id of that post's author",
    "of": "id of the post that it reposts, answers or quotes; needs kind",
    "of_account": "id of that post's author",
    "of_at": "when that post was published",
    "place": "id of the page, group or channel it appeared in",
    "place_kind": "page, group or channel",
    "place_name": "display name of that place",
    "text": "its words",
    "links": "the links in it",
    "tags": "its hashtags",
    "mentions": "whom it mentions",
    "media": "hashes of its pictures and films",
    "lang": "language",
    "client": "the program it was sent with",
}

KINDS = ("account", "page", "group", "channel")
FLOAT = " (a float)"              # behind an id that a float column could not hold; such rows are rejected
EARLIEST, LATEST = 1990, 2100     # years; earlier is before the web, later is a slip: impossible on any platform
RESOLUTIONS = (86400, 3600, 60)   # s; what publishers floor times to
FEW_TIMES = 8                     # distinct times; that 8 whole seconds are all whole minutes by chance: 60^-8
NO_IDS = ("NA", "N/A", "NaN", "nan", "null", "NULL", "None", "<NA>", "undefined",  # how R, pandas and JS write nothing
          "[deleted]", "[removed]")  # what Reddit shows in the place of all who are gone: many people, and no actor

_PLATFORMS = {"x": "twitter", "x.com": "twitter", "twitter.com": "twitter", "facebook.com": "facebook",
              "t.me": "telegram", "vkontakte": "vk", "reddit.com": "reddit"}
_ACTS = {"post": "post", "tweet": "post", "status": "post", "original": "post", "share": "share", "retweet": "share",
         "retweeted": "share", "repost": "share", "rt": "share", "forward": "share", "reply": "reply",
         "replied_to": "reply", "comment": "reply", "quote": "quote", "quoted": "quote", "quote_tweet": "quote"}
_ACTOR_WORDS = {"account": "account", "user": "account", "person": "account", "profile": "account", "page": "page",
                "group": "group", "supergroup": "group", "channel": "channel"}
# nothing shows that they are there: two ids that differ in them are one to whoever reads the statement (the joiners,
# U+200C and U+200D, are letters to Persian and to emoji, and stay)
_CONTROL = ("[\x00-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f"
            "\ufeff\ufff9-\ufffb]")

# reasons are fixed phrases, so that they can be counted
NO_POST = "missing id: no post id"
DAMAGED = "an id that a spreadsheet has rounded"
CONTROL = "an id with control characters"
PLATFORM = "an impossible platform name"
NOT_A_TIME = "not a time"
IMPOSSIBLE = "an impossible time"
LOCAL = "a local time that its zone skips or has twice"
CONFLICT = "same id, different content"


@dataclass(frozen=True)
class Normal:
    """posts: tables.POSTS. people: one row a post and actor, for ACTORS. rejects: receipt, line, reason, found."""

    posts: pl.DataFrame
    people: pl.DataFrame
    rejects: pl.DataFrame


def normalise(rows: pl.DataFrame, *, zone: str | None = None, platform: str | None = None,
              dates: str | None = None) -> Normal:
    """One row a record → one row a post.

    Args:
        rows: any of the columns `ROWS`, and `receipt`; `line` (i64) where known. Cells may be text, or typed.
        zone: in which zoneless times are read: "UTC", "Europe/Kyiv", "+03:00". None: they are rejected.
        platform: of rows that name none; without it they are `unknown`.
        dates: "mdy" or "dmy" for dates like 3/4/2018. None: they are rejected.

    Returns:
        Posts without `at_resolution` (null), in the order of `rows`.

    Raises:
        InputError: a column of a type that cannot be what it is said to be.
    """
    kept, rejects = clean(rows, zone=zone, platform=platform, dates=dates)
    return Normal(kept.select(*POSTS), people(kept), rejects)


def clean(rows: pl.DataFrame, *, zone: str | None = None, platform: str | None = None,
          dates: str | None = None) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The same as one wide table: POSTS, `line`, and what `people` reads; and the rejects. Arguments as `normalise`."""
    at, wrong_time = times(_column(rows, "at"), zone=zone, dates=dates)
    rows = rows.with_columns(_at=at, _wrong_time=wrong_time)
    beside = {f"_{name}": times(_column(rows, name), zone=zone, dates=dates)[0]  # unreadable means unknown
              for name in ("of_at", "account_created")}
    tidy = {name for name in _IDS if name not in rows.columns or _tidy(rows[name])}
    rows = rows.with_columns(
        _optional(rows, "line", pl.Int64),
        platform=_once(rows, "platform", _platform(rows, platform)),
        **beside,
        **{f"_{name}": pl.col(name).cast(pl.String) if name in rows.columns and name in tidy else _id(rows, name)
           for name in _IDS},
        **{f"_{name}": _list(rows, name) for name in ("links", "tags", "mentions", "media")},
        **{f"_{name}": _once(rows, name, _text(rows, name)) for name in _TEXTS},
        _is_share=_once(rows, "is_share", _truth(rows, "is_share")),
    )
    reason = rows.select(_reason=_reasons(rows, tidy))["_reason"]
    wrong = reason.is_not_null()
    rejects = rows.with_columns(reason).filter(wrong).select("receipt", "line", reason="_reason", found=_found(rows))
    return _posts(rows.filter(~wrong) if wrong.any() else rows), rejects


_IDS = ("post", "account", "share_of", "share_of_account", "reply_to", "reply_to_account", "quote_of",
        "quote_of_account", "of", "of_account", "place")
_TEXTS = ("account_kind", "account_name", "account_handle", "account_bio", "account_avatar", "account_site", "kind",
          "place_kind", "place_name", "text", "lang", "client")


def _posts(rows: pl.DataFrame) -> pl.DataFrame:
    """POSTS, and the columns that `people` reads. What a slice of rows has nowhere is not looked for in it."""
    text = pl.col("_text")
    retold = _where(rows, text.str.starts_with("RT @"), text.str.extract(r"^RT @(\w{1,30}):", 1), pl.String)
    rows = rows.with_columns(_kind=_kind(rows, retold), _handle_lead=("@" + retold))
    chosen = {"share": "share_of", "reply": "reply_to", "quote": "quote_of"}
    of, of_account = pl.col("_of"), pl.col("_of_account")
    for kind, name in chosen.items():
        here = pl.col("_kind") == kind
        of = of if _absent(rows, name) else pl.coalesce(of, pl.when(here).then(f"_{name}"))
        of_account = of_account if _absent(rows, f"{name}_account") else pl.coalesce(
            of_account, pl.when(here).then(f"_{name}_account"))
    of_account = pl.coalesce(of_account, pl.when(pl.col("_kind") == "share").then("_handle_lead"))
    named = {"post": pl.col("_post"), "account": pl.col("_account"), "of": of, "of_account": of_account,
             "place": pl.when(pl.col("_place").ne_missing(pl.col("_account"))).then("_place")}
    given = _word(pl.col("_account_kind"), _ACTOR_WORDS)
    lang = pl.col("_lang").str.to_lowercase().str.replace("_", "-", literal=True)
    rows = _with_platform(rows.with_columns(**{f"_{name}": id_ for name, id_ in named.items()}), tuple(named))
    return rows.with_columns(
        account_kind=pl.when(pl.col("account").is_not_null()).then(pl.coalesce(
            *([] if _absent(rows, "account_kind") else [given]), _kind_by_platform("account"))),
        at="_at",
        at_resolution=pl.lit(None, pl.Int32),
        kind="_kind",
        of_at="_of_at",
        place_kind=pl.lit(None, pl.String) if _absent(rows, "place") else pl.when(pl.col("place").is_not_null()).then(
            pl.coalesce(_word(pl.col("_place_kind"), _ACTOR_WORDS), _kind_by_platform("place"), pl.lit("page"))),
        text=text,
        links=_whole(_or_in_text(rows, "links", _links_in, "http")),
        tags=_bare(_or_in_text(rows, "tags", _tags_in, "#", "＃"), "#＃"),
        mentions=_bare(_or_in_text(rows, "mentions", _mentions_in, "@", "＠"), "@＠"),
        media="_media",
        lang=_once(rows, "_lang", pl.when(~lang.is_in(["und", "zxx", "unknown", "language undefined"])).then(lang)),
        client="_client",
    ).select(*POSTS, "line", *PERSONAL)


PERSONAL = ("_account_handle", "_account_name", "_account_created", "_account_bio", "_account_avatar",
            "_account_site", "_place_name")  # what a post says of who acts, beside POSTS


def _or_in_text(rows: pl.DataFrame, name: str, found: Callable[[pl.Expr], pl.Expr], *signs: str) -> pl.Expr:
    """A list that the file gives, or else what stands in the text; a text without the signs is not searched."""
    given, text, words = rows[f"_{name}"], pl.col("_text"), rows["_text"]
    if not given.null_count():
        return pl.col(f"_{name}")
    none = pl.when(text.is_not_null()).then(pl.lit([], dtype=pl.List(pl.String)))
    signed = functools.reduce(operator.or_, (words.str.contains(sign, literal=True) for sign in signs))
    if not (signed & given.is_null()).any():
        return pl.coalesce(f"_{name}", none)
    signed_ = functools.reduce(operator.or_, (text.str.contains(sign, literal=True) for sign in signs))
    return pl.coalesce(f"_{name}", found(pl.when(signed_ & pl.col(f"_{name}").is_null()).then(text)), none)


_LINK = r"""https?://[^\s<>"`{}|\\^\[\]]+"""
_TAG = r"(?:^|[^\w&/#])[#＃]\w*[^\W\d_]\w*"   # as Twitter: not all digits, not inside a word or a path
_MENTION = r"(?:^|[^\w@/.])[@＠]\w{1,30}"     # not in an e-mail address


def _whole(links: pl.Expr) -> pl.Expr:
    """A link cut off by "…" points nowhere, and would meet other cut-off links."""
    return links.list.eval(pl.element().filter(~pl.element().str.ends_with("…")))


def _links_in(text: pl.Expr) -> pl.Expr:
    """Links of a text without the punctuation of its sentence; a closing bracket stays where one was opened."""
    found = pl.element()
    bare = found.str.strip_chars_end(".,;:!?'\"»”’*]")
    open_, closed = (bare.str.count_matches(sign, literal=True) for sign in "()")
    bare = pl.when(open_ == 0).then(found.str.strip_chars_end(".,;:!?'\"»”’*])")).otherwise(
        pl.when(closed > open_).then(bare.str.strip_suffix(")")).otherwise(bare))
    return text.str.extract_all(_LINK).list.eval(bare)


def _tags_in(text: pl.Expr) -> pl.Expr:
    return _after("#＃", text.str.extract_all(_TAG))


def _mentions_in(text: pl.Expr) -> pl.Expr:
    return _after("@＠", text.str.extract_all(_MENTION))


def _bare(words: pl.Expr, sign: str) -> pl.Expr:
    """Tags or mentions without their sign."""
    bare = pl.element().str.strip_chars_start(sign + " ").str.strip_chars()
    return words.list.eval(bare.filter(bare.str.len_bytes() > 0))


def _after(sign: str, words: pl.Expr) -> pl.Expr:
    """What follows the sign: the pattern also took the character before it, because Rust's has no look-behind."""
    return words.list.eval(pl.element().str.replace(f"^[^{sign}]*[{sign}]+", ""))


def _kind(rows: pl.DataFrame, retold: pl.Expr) -> pl.Expr:
    given = _once(rows, "_kind", _word(pl.col("_kind"), _ACTS))
    return pl.coalesce(
        given,
        pl.when(_any_of(rows, "share_of", "share_of_account") | pl.col("_is_share")).then(pl.lit("share")),
        pl.when(retold.is_not_null()).then(pl.lit("share")),
        pl.when(_any_of(rows, "reply_to", "reply_to_account")).then(pl.lit("reply")),
        pl.when(_any_of(rows, "quote_of", "quote_of_account")).then(pl.lit("quote")),
        pl.lit("post"))


def _any_of(rows: pl.DataFrame, *names: str) -> pl.Expr:
    return pl.any_horizontal(pl.lit(False), *(pl.col(f"_{name}").is_not_null() for name in names
                                              if not _absent(rows, name)))


def _kind_by_platform(name: str) -> pl.Expr:
    """Telegram numbers its channels and groups below zero, its users above; elsewhere ids do not tell."""
    telegram = (pl.col("platform") == "telegram") & pl.col(name).str.contains("^telegram:-")
    return pl.when(telegram).then(pl.lit("channel")).when(pl.lit(name == "account")).then(pl.lit("account"))


def _word(column: pl.Expr, words: dict[str, str]) -> pl.Expr:
    plain = column.str.strip_chars().str.to_lowercase().str.replace_all(r"[\s-]+", "_")
    return plain.replace_strict(words, default=None, return_dtype=pl.String)


def _with_platform(rows: pl.DataFrame, names: tuple[str, ...]) -> pl.DataFrame:
    """Ids under their platform's name; one that stands under it already stays."""
    platform = rows["platform"]
    prefix = pl.lit(f"{platform[0]}:") if _constant(platform) else pl.col("platform") + ":"
    whole = {}
    for name in names:
        id_, under = pl.col(f"_{name}"), pl.col(f"_{name}").str.starts_with(prefix)
        whole[name] = prefix + id_ if not rows.select(under.any()).item() else pl.when(under).then(id_).otherwise(
            prefix + id_)
    return rows.with_columns(**{name: pl.lit(None, pl.String) if _absent(rows, name) else id_
                                for name, id_ in whole.items()})


def people(posts: pl.DataFrame) -> pl.DataFrame:
    """One row a post and actor: who they said they were at that time.

    Args:
        posts: as `clean` gives them.
    """
    posts = posts.with_columns(_account_handle=pl.col("_account_handle").str.strip_chars_start("@"))

    def shown(actor: str, kind: str, **known: str) -> pl.DataFrame:
        columns = {name: pl.col(known[name]) if name in known else pl.lit(None, dtype) for name, dtype in _SAID.items()}
        return posts.filter(pl.col(actor).is_not_null()).select(
            "post", "at", "receipt", "platform", actor=actor, kind=kind,
            id=pl.col(actor).str.slice(pl.col("platform").str.len_chars() + 1), **columns)

    accounts = shown("account", "account_kind", handle="_account_handle", name="_account_name",
                     created="_account_created", bio="_account_bio", avatar="_account_avatar", site="_account_site")
    return pl.concat([accounts, shown("place", "place_kind", name="_place_name")])


_SAID: dict[str, pl.DataType | type[pl.DataType]] = {
    "handle": pl.String, "name": pl.String, "created": TIME, "bio": pl.String, "avatar": pl.String, "site": pl.String}


# ------------------------------------------------------------------------------------------------ cells

def _absent(rows: pl.DataFrame, name: str) -> bool:
    """Whether no row has it, as it was read (with `_` before its name)."""
    return rows[f"_{name}"].null_count() == rows.height


def _constant(column: pl.Series) -> bool:
    return len(column) > 0 and column.null_count() == 0 and bool((column == column[0]).all())


def _once(rows: pl.DataFrame, name: str, made: pl.Expr) -> pl.Expr:
    """What `made` makes of a column, computed once where all its cells are alike (or there is none)."""
    if rows.height > 1 and (name not in rows.columns or _constant(rows[name]) or not rows[name].count()):
        alike = rows.head(1).select(made).to_series()
        return pl.lit(alike[0], alike.dtype)
    return made


def _where(rows: pl.DataFrame, asked: pl.Expr, made: pl.Expr, dtype: type[pl.DataType]) -> pl.Expr:
    """What `made` makes of the rows that `asked` picks; null elsewhere, and not computed where it picks none."""
    return pl.when(asked).then(made) if rows.select(asked.any()).item() else pl.lit(None, dtype)


def _column(rows: pl.DataFrame, name: str) -> pl.Series:
    return rows[name] if name in rows.columns else pl.repeat(None, rows.height, dtype=pl.String, eager=True).alias(name)


def _optional(rows: pl.DataFrame, name: str, dtype: type[pl.DataType]) -> pl.Expr:
    return pl.col(name).cast(dtype) if name in rows.columns else pl.lit(None, dtype).alias(name)


def _text(rows: pl.DataFrame, name: str) -> pl.Expr:
    """A cell as text; nothing and blanks are null."""
    dtype = _column(rows, name).dtype
    if dtype.is_nested() or dtype == pl.Binary:
        raise InputError(f"The column said to be {name} ({ROWS[name]}) holds {dtype}, not text.\n"
                         f"Name another one with  --column {name}=THEIRS")
    cell = pl.col(name).cast(pl.String) if name in rows.columns else pl.lit(None, pl.String)
    return pl.when(cell.str.strip_chars().str.len_bytes() > 0).then(cell)


def _id(rows: pl.DataFrame, name: str) -> pl.Expr:
    """An id as text. Floats that lost no digit become the integer they were; others stay, to be rejected."""
    if _column(rows, name).dtype.is_float():
        number = pl.col(name)
        whole = number.is_finite() & (number == number.floor()) & (number.abs() < 2**53)
        as_text = pl.when(whole).then(number.cast(pl.Int64, strict=False).cast(pl.String)).otherwise(
            pl.when(number.is_finite()).then(number.cast(pl.String) + FLOAT))
        return as_text
    cell = _text(rows, name).str.strip_chars()
    cell = pl.when(~cell.is_in(NO_IDS)).then(cell)
    return cell.str.replace(r"^(\d{1,15})\.0$", "$1")


_ROUNDED = r"^-?\d+(\.\d+)?[eE]\+\d+$|^\d{16,}\.0$|\(a float\)$"
_UNTIDY = r"[^0-9A-Za-z_:@/-]|^$"  # ids without these signs are neither damaged nor dangerous, and stay as they stand


def _tidy(column: pl.Series) -> bool:
    """Whether every id of a column stays as it stands: most columns, which need no further look."""
    if column.dtype.is_integer():
        return True
    return column.dtype == pl.String and not column.is_in(NO_IDS).any() and not column.str.contains(_UNTIDY).any()


def _reasons(rows: pl.DataFrame, tidy: set[str]) -> pl.Expr:
    """The first thing that is wrong with a row, or null; nothing is wrong with a `tidy` id."""
    ids = [pl.col(f"_{name}") for name in _IDS if name not in tidy]
    return (
        pl.when(pl.any_horizontal(False, *(i.str.contains(_ROUNDED).fill_null(False) for i in ids))).then(
            pl.lit(DAMAGED))
        .when(pl.any_horizontal(False, *(i.str.contains(_CONTROL).fill_null(False) for i in ids))).then(pl.lit(CONTROL))
        .when(pl.col("_post").is_null()).then(pl.lit(NO_POST))
        .when(~_once(rows, "platform", pl.col("platform").str.contains(_NAME))).then(pl.lit(PLATFORM))
        .otherwise(pl.col("_wrong_time"))
    )


def _found(rows: pl.DataFrame) -> pl.Expr:
    """What stood in the cell that a reject is about, shortened."""
    at = pl.col("at").cast(pl.String) if "at" in rows.columns else pl.lit(None, pl.String)
    ids = pl.concat_str([pl.col(f"_{name}") for name in _IDS], separator=" ", ignore_nulls=True)
    timely = pl.col("_reason").is_in([NOT_A_TIME, IMPOSSIBLE, LOCAL])
    return pl.when(timely).then(at).otherwise(ids).str.slice(0, 80)


def _platform(rows: pl.DataFrame, given: str | None) -> pl.Expr:
    cell = _text(rows, "platform").str.strip_chars().str.to_lowercase()
    return pl.coalesce(cell.replace(_PLATFORMS), pl.lit(platform_name(given)))


_NAME = r"^[a-z0-9][a-z0-9_.-]{0,63}$"


def platform_name(given: str | None) -> str:
    """The one spelling of a platform's name; `unknown` where nobody names one.

    Raises:
        InputError: a name that cannot stand before the colon of an id.
    """
    if given is None:
        return "unknown"
    name = given.strip().lower()
    name = _PLATFORMS.get(name, name)
    if not re.fullmatch(_NAME.strip("^$"), name):
        raise InputError(f"A platform cannot be named {given!r}: letters, digits, and _ . - only, no colon.\n"
                         "For example:  --platform telegram")
    return name


def _truth(rows: pl.DataFrame, name: str) -> pl.Expr:
    said = _text(rows, name).str.strip_chars().str.to_lowercase()
    return said.is_in(["true", "1", "1.0", "t", "yes"]).fill_null(False)


def _list(rows: pl.DataFrame, name: str) -> pl.Expr:
    """A list of text without blanks; a cell that is null says nothing, an empty list says none."""
    column = _column(rows, name)
    if column.dtype == pl.Null or name not in rows.columns:
        return pl.lit(None, pl.List(pl.String))
    if column.dtype == pl.String:
        if not column.count():
            return pl.lit(None, pl.List(pl.String))
        plain = column.str.contains(_ONE_LINK if name == "links" else _FEW_WORDS) & ~column.is_in(NO_IDS)
        cells = column.filter(~plain).unique()
        listed = [_listed(cell, name) for cell in cells.to_list()]
        # joined and split again: polars makes a list column of Python lists twenty times slower
        joined = [None if words is None else "\0".join(word.replace("\0", "") for word in words) for words in listed]
        rest = pl.when(~pl.lit(plain)).then(name).replace_strict(cells, pl.Series(joined, dtype=pl.String),
                                                                default=None) if len(cells) else pl.lit(None, pl.String)
        spelled = pl.when(pl.lit(plain)).then(pl.col(name).str.replace_all(" ", "\0", literal=True)).otherwise(rest)
        none = pl.lit([], dtype=pl.List(pl.String))
        return pl.when(spelled == "").then(none).when(spelled.is_not_null()).then(spelled.str.split("\0"))
    if column.dtype not in (pl.List(pl.String), pl.List(pl.Null), pl.List(pl.Int64)):
        raise InputError(f"The column said to be {name} ({ROWS[name]}) holds {column.dtype}, not a list of text.\n"
                         f"Name another one with  --column {name}=THEIRS")
    word = pl.element().str.strip_chars()
    return pl.col(name).cast(pl.List(pl.String)).list.eval(word.filter(word.str.len_bytes() > 0))


# cells that `_listed` takes apart at single spaces, if at all: most of them
_ONE_LINK = r"^https?://[!-{}~]+$"                   # printable ASCII, no bar
_FEW_WORDS = r"^[0-9A-Za-z_#@-]+(?: [0-9A-Za-z_#@-]+)*$"


def _listed(cell: str, name: str) -> list[str] | None:
    """A list that travelled in one cell: JSON, [a, b] as Twitter and Python write it, or words with separators."""
    cell = cell.strip()
    if cell in ("", *NO_IDS):
        return None
    if cell.startswith("[") and cell.endswith("]"):
        try:
            listed = json.loads(cell)
            return [str(one).strip() for one in listed if one is not None and str(one).strip()]
        except (ValueError, RecursionError):
            words = re.split(r",\s+" if name == "links" else r",\s*", cell[1:-1])
            return [bare for word in words if (bare := word.strip().strip("'\"").strip())]
    if name == "links":
        return re.findall(r"https?://[^\s|]+", cell) or cell.split()
    return [word for word in re.split(r"[\s,;|]+" if name == "tags" else r"[,;|]\s*|\s+", cell) if word]


# ------------------------------------------------------------------------------------------------ times

_ISO = (r"^(?P<y>\d{4})[-/](?P<mo>\d{1,2})[-/](?P<d>\d{1,2})(?:[T ]+(?P<h>\d{1,2}):(?P<mi>\d{2})(?::(?P<s>\d{2})"
        r"(?:[.,](?P<f>\d{1,9}))?)?)?\s*(?P<z>Z|z|UTC|GMT|EST|EDT|[+-]\d{2}(?::?\d{2})?)?$")
_SLASH = (r"^(?P<one>\d{1,2})[/.](?P<two>\d{1,2})[/.](?P<y>\d{4})(?:,?[T ]+(?P<h>\d{1,2}):(?P<mi>\d{2})"
          r"(?::(?P<s>\d{2}))?\s*(?P<ap>[AaPp][Mm])?)?$")
_NUMBER = r"^\d{9,19}(?:\.\d+)?$"
_TWITTER = "%a %b %d %H:%M:%S %z %Y"  # "Wed Oct 10 20:19:24 +0000 2018", the platform's first API
_MAIL = "%a, %d %b %Y %H:%M:%S %z"    # RFC 2822, as feeds write it
_LOW, _HIGH = 631152000, 4102444800   # s since the epoch of 1990-01-01 and 2100-01-01


def zoneless(column: pl.Series) -> list[str]:
    """Up to two values of a time column that do not say their zone; empty: all do, or none is a time."""
    if column.dtype == pl.Date or (column.dtype == pl.Datetime and column.dtype.time_zone is None):  # type: ignore[attr-defined]
        return [str(value) for value in column.drop_nulls().head(2).to_list()]
    if column.dtype != pl.String:
        return []
    plain = column.str.strip_chars()
    named = plain.str.extract_groups(_ISO).struct.field("z").is_not_null()
    bare = plain.str.contains(_SLASH) | (plain.str.contains(_ISO) & ~named)
    return plain.filter(bare.fill_null(False)).head(2).to_list()


def unusual(column: pl.Series) -> pl.Series:
    """A time column without the cells that end as times in UTC do: they neither lack a zone nor have slashes."""
    if column.dtype != pl.String:
        return column
    return column.filter(~(column.str.ends_with("Z") | column.str.ends_with("+00:00")))


def counted(column: pl.Series) -> bool:
    """Whether the first time of a column counts since 1970."""
    if column.dtype != pl.String:
        return column.dtype.is_numeric()
    return bool(column.drop_nulls().head(1).str.contains(r"^\s*\d{9,19}(\.\d+)?\s*$").any())


def slashed(column: pl.Series) -> bool:
    """Whether a time column has dates like 3/4/2018."""
    return column.dtype == pl.String and bool(column.str.strip_chars().str.contains(_SLASH).any())


def slashes(column: pl.Series) -> pl.Series:
    """The dates like 3/4/2018 of a time column."""
    if column.dtype != pl.String:
        return pl.Series("at", [], dtype=pl.String)
    return column.filter(column.str.strip_chars().str.contains(_SLASH).fill_null(False))


def date_order(column: pl.Series) -> str | None:
    """Whether 3/4/2018 is in March or in April, from dates that leave no choice; None: there are no such dates.

    Raises:
        InputError: the dates allow both, or contradict each other.
    """
    if column.dtype != pl.String:
        return None
    parts = column.str.strip_chars().str.extract_groups(_SLASH).struct.unnest()
    one, two = (parts[name].cast(pl.Int32, strict=False).drop_nulls() for name in ("one", "two"))
    if one.is_empty():
        return None
    day_first, month_first = bool((one > 12).any()), bool((two > 12).any())
    if day_first == month_first:
        said = " and ".join(column.filter(column.str.strip_chars().str.contains(_SLASH)).head(2).to_list())
        raise InputError(f"Dates like {said} can be read as day/month or as month/day, and "
                         f"{'both kinds stand there' if day_first else 'nothing in the file tells which'}.\n"
                         "Write that column as YYYY-MM-DD HH:MM:SS, then read again.")
    return "dmy" if day_first else "mdy"


def times(column: pl.Series, *, zone: str | None, dates: str | None = None) -> tuple[pl.Series, pl.Series]:
    """UTC in µs, and why where there is none; a null or blank cell is null without a reason.

    Reads datetimes, ISO 8601, seconds, ms, µs or ns since 1970 (told apart by size: the years 1990–2099 do
    not overlap), Twitter's first API, RFC 2822; dates with slashes where `dates` says "mdy" or "dmy".
    """
    if column.dtype == pl.String:
        at = _stamps(column, zone)
        if at.null_count() == column.null_count():
            return at, pl.repeat(None, len(column), dtype=pl.String, eager=True)
        rest = pl.DataFrame({"cell": column, "at": at}).with_columns(cell=pl.when(pl.col("at").is_null()).then("cell"))
        cells = rest["cell"].unique()
        parsed = pl.DataFrame([cells, *_strings(cells, zone, dates)])
        back = rest.join(parsed, on="cell", how="left", nulls_equal=True, maintain_order="left", suffix="_told")
        return back.select(at=pl.coalesce("at", "at_told")).to_series(), back["why"]
    name = "at"
    if column.dtype == pl.Date:
        column = column.cast(pl.Datetime("us"))
    if column.dtype == pl.Datetime:
        aware = column.dtype.time_zone is not None  # type: ignore[attr-defined]
        at = column.cast(TIME) if aware else _localise(column.cast(pl.Datetime("us")), zone)
    elif column.dtype.is_integer():
        at = _epoch(pl.DataFrame({"n": column.cast(pl.Int64, strict=False)}), pl.col("n"))
    elif column.dtype.is_float():
        column = column.fill_nan(None)
        at = _epoch(pl.DataFrame({"n": column}), pl.col("n"))
    elif column.dtype == pl.Null:
        at = pl.Series(name, [None] * len(column), dtype=TIME)
    else:
        raise InputError(f"The column said to be at ({ROWS['at']}) holds {column.dtype}, not times.\n"
                         "Name another one with  --column at=THEIRS")
    frame = pl.DataFrame({"at": at, "given": column.is_not_null()}).with_columns(at=_possible(pl.col("at")))
    why = frame.select(pl.when(pl.col("given") & pl.col("at").is_null()).then(pl.lit(IMPOSSIBLE)))
    return frame["at"], why.to_series()


_ENDS = ("Z", "+00:00", ".000Z", ".000000+00:00")  # what most exports write behind YYYY-MM-DDTHH:MM:SS


_MONTHS = np.arange(f"{EARLIEST}-01", f"{LATEST}-02", dtype="datetime64[M]").astype("datetime64[D]").astype(np.int64)


def _stamps(column: pl.Series, zone: str | None) -> pl.Series:
    """Times in the commonest spelling of UTC, by arithmetic; null: any other cell, which `_strings` will look at."""
    found = np.zeros(len(column), dtype=np.int64)
    known = np.zeros(len(column), dtype=bool)
    length = column.str.len_bytes().fill_null(0).to_numpy()
    for end in [*_ENDS, *([""] if zone == "UTC" else [])]:
        width = 19 + len(end)
        here = length == width
        if here.any():
            cells = (column if here.all() else column.filter(pl.Series(here))).cast(pl.Binary)
            found[here], known[here] = _read_stamps(
                cells.bin.reinterpret(dtype=pl.Array(pl.UInt8, width)).to_numpy(), end)
    at = pl.DataFrame({"at": found, "known": known})
    return at.select(pl.when("known").then(pl.col("at").cast(TIME)).alias("at")).to_series()


def _read_stamps(signs: np.ndarray, end: str) -> tuple[np.ndarray, np.ndarray]:
    """(µs since 1970, whether it is one) of u8[n, 19 + end]: YYYY-MM-DD, T or a space, HH:MM:SS, end."""
    one = np.ascontiguousarray(signs.T)
    sound = (one[10] == ord("T")) | (one[10] == ord(" "))
    for place, sign in [(4, "-"), (7, "-"), (13, ":"), (16, ":"), *enumerate(end, 19)]:
        sound &= one[place] == ord(sign)
    digits = one[[0, 1, 2, 3, 5, 6, 8, 9, 11, 12, 14, 15, 17, 18]] - np.uint8(48)
    sound &= (digits <= 9).all(axis=0)
    tens = (digits[::2] * np.uint8(10) + digits[1::2]).astype(np.int64)
    year, (month, day, hour, minute, second) = tens[0] * 100 + tens[1], tens[2:]
    sound &= (year >= EARLIEST) & (year < LATEST) & (month >= 1) & (month <= 12)
    sound &= (hour < 24) & (minute < 60) & (second < 60)
    months = np.where(sound, (year - EARLIEST) * 12 + month - 1, 0)
    sound &= (day >= 1) & (day <= (_MONTHS[1:] - _MONTHS[:-1])[months])
    return ((_MONTHS[months] + day - 1) * 86_400 + hour * 3600 + minute * 60 + second) * 10**6, sound


def _possible(at: pl.Expr) -> pl.Expr:
    return pl.when(at.dt.year().is_between(EARLIEST, LATEST - 1)).then(at)


def _strings(cells: pl.Series, zone: str | None, dates: str | None) -> list[pl.Series]:
    plain = cells.str.strip_chars()
    blank = plain.is_null() | (plain.str.len_bytes() == 0) | plain.is_in(NO_IDS)
    frame = pl.DataFrame({"cell": plain, "blank": blank}).with_columns(
        iso=pl.col("cell").str.extract_groups(_ISO), slash=pl.col("cell").str.extract_groups(_SLASH))
    number = pl.when(pl.col("cell").str.contains(_NUMBER)).then("cell")
    parsed = frame.select(
        "cell", "blank",
        local=pl.coalesce(_from_iso(), _from_slashes(dates)),
        offset=_offset(pl.col("iso").struct.field("z")),
        whole=pl.when(~number.str.contains(".", literal=True)).then(number).cast(pl.Int64, strict=False),
        fraction=pl.when(number.str.contains(".", literal=True)).then(number).cast(pl.Float64, strict=False),
        worded=pl.coalesce(*(pl.col("cell").str.to_datetime(f, time_unit="us", strict=False).cast(TIME)
                             for f in (_TWITTER, _MAIL))),
        shaped=pl.coalesce(pl.col("iso").struct.field("y"), pl.col("slash").struct.field("y"), number),
    )
    localised = _localise(parsed["local"], zone)
    parsed = parsed.with_columns(
        localised=localised, counted=_epoch(parsed, pl.col("whole")), parts=_epoch(parsed, pl.col("fraction")))
    said = pl.when(pl.col("offset").is_not_null()).then(
        pl.col("local").dt.replace_time_zone("UTC") - pl.duration(minutes=pl.col("offset"))).otherwise("localised")
    at = _possible(pl.coalesce(said, "counted", "parts", "worded"))
    skipped = pl.col("local").is_not_null() & pl.col("offset").is_null() & pl.lit(zone is not None)
    why = (
        pl.when("blank").then(pl.lit(None, pl.String))
        .when(at.is_not_null()).then(pl.lit(None, pl.String))
        .when(skipped & pl.col("localised").is_null()).then(pl.lit(LOCAL))
        .when(pl.col("shaped").is_not_null() | pl.col("worded").is_not_null()).then(pl.lit(IMPOSSIBLE))
        .otherwise(pl.lit(NOT_A_TIME))
    )
    done = parsed.select(at=at, why=why)
    return [done["at"], done["why"]]


def _from_iso() -> pl.Expr:
    part = pl.col("iso").struct
    hour, minute = part.field("h").fill_null("0"), part.field("mi").fill_null("0")
    spelled = pl.format("{}-{}-{}T{}:{}:{}.{}", part.field("y"), part.field("mo"), part.field("d"), hour, minute,
                        part.field("s").fill_null("0"), part.field("f").fill_null("0"))
    return spelled.str.to_datetime("%Y-%m-%dT%H:%M:%S%.f", time_unit="us", strict=False)


def _from_slashes(dates: str | None) -> pl.Expr:
    if dates is None:
        return pl.lit(None, pl.Datetime("us"))
    part = pl.col("slash").struct
    month, day = ("one", "two") if dates == "mdy" else ("two", "one")
    half = part.field("ap").str.to_lowercase()
    given = part.field("h").fill_null("0").cast(pl.Int32)
    hour = (pl.when(half.is_null()).then(given)
            .when(~given.is_between(1, 12)).then(99)  # 13 PM is not a time
            .when(half == "pm").then(given % 12 + 12).otherwise(given % 12))
    spelled = pl.format("{}-{}-{}T{}:{}:{}", part.field("y"), part.field(month), part.field(day), hour,
                        part.field("mi").fill_null("0"), part.field("s").fill_null("0"))
    return spelled.str.to_datetime("%Y-%m-%dT%H:%M:%S", time_unit="us", strict=False)


def _offset(zone: pl.Expr) -> pl.Expr:
    """Minutes east of UTC, null where none is given."""
    sign = pl.when(zone.str.starts_with("-")).then(-1).otherwise(1)
    hours = zone.str.extract(r"^[+-](\d{2})", 1).cast(pl.Int32)
    minutes = zone.str.extract(r"^[+-]\d{2}:?(\d{2})$", 1).cast(pl.Int32).fill_null(0)
    named = {"Z": 0, "z": 0, "UTC": 0, "GMT": 0, "EST": -300, "EDT": -240}  # New York's, as CrowdTangle writes them
    return zone.replace_strict(named, default=sign * (hours * 60 + minutes), return_dtype=pl.Int32)


def _epoch(frame: pl.DataFrame, count: pl.Expr) -> pl.Series:
    """Since 1970, in whatever unit puts it between 1990 and 2100."""
    number = pl.DataFrame({"n": frame.select(count).to_series()})["n"]
    known: Any = pl.when(pl.lit(False)).then(pl.lit(None, pl.Int64))
    value = pl.col("n")
    for per_second in (1, 10**3, 10**6, 10**9):
        inside = value.is_between(_LOW * per_second, _HIGH * per_second, closed="left")
        micro = (value * (10**6 // per_second) if per_second <= 10**6 else value // 10**3)
        known = known.when(inside).then(micro.round().cast(pl.Int64) if number.dtype.is_float() else micro)
    return pl.DataFrame({"n": number}).select(known.cast(pl.Datetime("us")).dt.replace_time_zone("UTC")).to_series()


def _localise(local: pl.Series, zone: str | None) -> pl.Series:
    if zone is None:
        return pl.Series(local.name, [None] * len(local), dtype=TIME)
    if fixed := re.fullmatch(r"([+-])(\d{2}):?(\d{2})", zone):
        minutes = int(fixed[2]) * 60 + int(fixed[3])
        shift = pl.duration(minutes=minutes if fixed[1] == "+" else -minutes)
        return pl.DataFrame({"l": local}).select(pl.col("l").dt.replace_time_zone("UTC") - shift).to_series()
    return local.dt.replace_time_zone(zone, ambiguous="null", non_existent="null").dt.convert_time_zone("UTC")


def check_zone(zone: str | None) -> str | None:
    """A zone's name as it was given, if it is one: "UTC", a name of the tz database, or an offset like +03:00.

    Raises:
        InputError: no such zone.
    """
    if zone is None or re.fullmatch(r"[+-](?:0\d|1[0-4]):?[0-5]\d", zone):
        return zone
    try:
        ZoneInfo(zone)
    except (ValueError, OSError, KeyError):
        raise InputError(f"There is no time zone {zone!r}.\n"
                         "Give UTC, a name like Europe/Kyiv, or an offset like +03:00.") from None
    return zone


class Clock:
    """To what the times of a file were rounded down, told from its posts some at a time."""

    def __init__(self) -> None:
        self.few: set[int] = set()       # distinct times, µs, as long as they are too few to say
        self.steps = set(RESOLUTIONS)    # that every time so far is a whole multiple of

    def see(self, at: pl.Series) -> None:
        """Hear of more posts."""
        times = at.drop_nulls().dt.epoch("us")
        if len(self.few) < FEW_TIMES:
            self.few |= set(times.unique().sort().head(2 * FEW_TIMES).to_list())
        self.steps = {step for step in self.steps if not (times % (step * 10**6) != 0).any()}

    @classmethod
    def of(cls, clocks: Sequence["Clock"]) -> "Clock":
        """What several have heard."""
        one = cls()
        one.few = set().union(*(clock.few for clock in clocks))
        one.steps = set(RESOLUTIONS).intersection(*(clock.steps for clock in clocks))
        return one

    def resolution(self) -> int | None:
        """As `resolution` of all the times at once."""
        return max(self.steps, default=1) if len(self.few) >= FEW_TIMES else None


def resolution(at: pl.Series) -> int | None:
    """To what times were rounded down, s: 86400, 3600, 60 or 1. None: too few distinct times to say."""
    distinct = at.drop_nulls().unique().dt.epoch("us")
    if len(distinct) < FEW_TIMES:
        return None
    return next((step for step in RESOLUTIONS if not (distinct % (step * 10**6) != 0).any()), 1)
