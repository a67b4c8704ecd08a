"""The tables that travel between parts. This is the only file that names their columns.

Unknown is null, never "" or 0. An id is `platform:id`, split at the first colon. Times are UTC in microseconds.
"""

import polars as pl

from .errors import InputError

TIME = pl.Datetime("us", "UTC")
Table = pl.DataFrame | pl.LazyFrame  # one that is in memory, or one that lies on disk; `.lazy().collect()` is the table

POSTS = {
    "platform": pl.String,
    "post": pl.String,             # platform:id
    "account": pl.String,          # platform:id of the author; null: cannot act, unless it has a place
    "account_kind": pl.String,     # account, page, group or channel: what `account` is
    "at": TIME,                    # null: a post that cannot act
    "at_resolution": pl.Int32,     # s; a file whose times are whole minutes says 60
    "kind": pl.String,             # post, share, reply, quote
    "of": pl.String,               # the post it shares, quotes or answers
    "of_account": pl.String,       # by whom
    "of_at": TIME,                 # and when
    "place": pl.String,            # the page, group or channel it appeared in, where that is not the account
    "place_kind": pl.String,       # page, group or channel
    "text": pl.String,
    "links": pl.List(pl.String),   # as published; traces canonicalise
    "tags": pl.List(pl.String),    # in order, without the leading #
    "mentions": pl.List(pl.String),
    "media": pl.List(pl.String),   # content hashes
    "lang": pl.String,
    "client": pl.String,
    "receipt": pl.String,          # sha256:<file>#<record>
}

ACTORS = {
    "actor": pl.String,            # platform:id; several rows where something changed
    "platform": pl.String,
    "kind": pl.String,             # account, page, group, channel
    "id": pl.String,
    "handle": pl.String,
    "name": pl.String,
    "created": TIME,
    "bio": pl.String,
    "avatar": pl.String,
    "site": pl.String,
    "seen_from": TIME,
    "seen_to": TIME,
    "receipt": pl.String,
}

ACTIONS = {
    "actor": pl.String,
    "kind": pl.String,             # of the actor; pairs are formed within one kind
    "object": pl.String,
    "at": TIME,
    "post": pl.String,             # two actions of one post never meet
    "by": pl.String,               # where the actor is a place that an account filled: that account; else null
}

PAIRS = {
    "a": pl.String,                # a < b
    "b": pl.String,
    "kind": pl.String,
    "window_s": pl.Int64,
    "objects": pl.Int64,           # distinct objects on which both acted with |Δt| ≤ window
}

EDGES = {
    "a": pl.String,
    "b": pl.String,
    "kind": pl.String,
    "trace": pl.String,
    "window_s": pl.Int64,          # the window of the smallest p
    "observed": pl.Int64,          # co-shared objects within that window
    "expected": pl.Float64,        # λ: the same, expected innocently
    "p": pl.Float64,               # of the pair and trace, corrected over the windows tried
    "q": pl.Float64,               # Benjamini-Hochberg over all pairs × traces
    # what p is made of, so that anyone can compute it again
    "p_time": pl.Float64,          # windows × exact tail of the timing
    "p_choice": pl.Float64,        # share of all pairs whose taste is as rare
    "shared": pl.Int64,            # co-shared objects at any distance in time
    "shared_expected": pl.Float64,
    "rare": pl.Int64,              # those of them with few sharers
    "rare_expected": pl.Float64,
    "alike": pl.Int64,             # pairs whose taste is as rare and whose meetings are chance, and this one
}

OCCASIONS = {                      # one row an edge and co-shared object that the timing test counted
    "a": pl.String,
    "b": pl.String,
    "trace": pl.String,
    "object": pl.String,
    "post_a": pl.String,
    "at_a": TIME,
    "post_b": pl.String,
    "at_b": TIME,
    "delta_s": pl.Float64,         # at_b − at_a
    "together": pl.Boolean,        # |Δt| ≤ window_s of the edge
    "chance": pl.Float64,          # of `together`, innocently; 0–1, six decimals, rounded up
}

COMMON = {                         # one row an object that is common property, and was left out of every count
    "trace": pl.String,
    "object": pl.String,
    "actors": pl.Int64,            # that acted on it, of any kind
    "busiest": pl.Int64,           # the most of them inside one window
    "window_s": pl.Int64,          # that window: the widest that was tried
}

ELSEWHERE = {                      # one row a member: its pace where no other member of its cluster acts
    "actor": pl.String,
    "before": pl.Int64,            # sittings in which it came before a stranger whom it met there
    "after": pl.Int64,             # in which it came after
}

SOURCES = {                        # one row a selector of a previously identified source
    "source": pl.String,           # the name of the source: an operation, a unit, a network
    "selector_type": pl.String,    # account, handle, url, domain, text, media, tracker, email, phone, ip, wallet
    "selector": pl.String,
    "identified_by": pl.String,    # who says so
    "at": pl.String,               # when they said it, as they wrote it (ISO date)
    "cites": pl.String,            # where that can be read
    "platform": pl.String,         # null: matches only in a case of one platform
    "name": pl.String,
    "valid_from": TIME,
    "valid_to": TIME,
    "withdrawn": pl.String,        # date or reason of a withdrawal; withdrawn selectors are kept and give no word
    "note": pl.String,
    "receipt": pl.String,          # sha256:<registry>#<record>
}

REJECTS = {                        # records that are present and wrong
    "file": pl.String,             # its name, without folders
    "record": pl.Int64,            # counted from 1; 0: the file as a whole
    "line": pl.Int64,              # line in the file where known
    "reason": pl.String,           # a fixed phrase, so that reasons can be counted
    "found": pl.String,            # what stood there, shortened; stays in the case, out of logs
}


def empty(schema: dict) -> pl.DataFrame:
    """A table of this schema without rows."""
    return pl.DataFrame(schema=schema)


def conform(frame: pl.DataFrame, schema: dict, what: str) -> pl.DataFrame:
    """The columns of `schema`, in its order and types; a missing column is null where the schema allows unknown.

    Raises:
        InputError: a column of another type that cannot be cast.
    """
    columns = []
    for name, kind in schema.items():
        columns.append(pl.col(name).cast(kind) if name in frame.columns else pl.lit(None, dtype=kind).alias(name))
    try:
        return frame.select(columns)
    except pl.exceptions.PolarsError as fault:
        raise InputError(f"{what} does not have the columns and types it needs: {fault}\n"
                         f"It has: {', '.join(f'{n} {t}' for n, t in frame.schema.items())}.") from None
