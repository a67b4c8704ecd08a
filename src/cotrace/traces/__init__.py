"""A trace turns posts into actions: who did what to which object, when. One behaviour a file.

Its function says which object a post acts on, and nothing else; it never sees who posted unless it declares to. The
rest is done here, the same for all: a post acts for its account, and for the page, group or channel it appeared in.
A post that lacks what the trace needs gives no action and is counted; nothing is guessed.

    posts        post · account · at · place · what the trace reads
    trace        post → object
    ACTIONS      account · object · at · post          one for the account
                 place   · object · at · post · by     one for the place, with the account that filled it

One post can leave several traces (a link, a text, tags). It is not evidence several times: pairs are tested in each
trace alone and counts of different traces are never added up; link, text and tag traces leave shares out, which are the
business of `repost` and `rapid_repost`.
"""

import inspect
from collections.abc import Callable
from dataclasses import dataclass

import polars as pl

from .. import parts, tables
from ..errors import InputError

ACTS = ("post", "account", "account_kind", "at", "place", "place_kind")  # what every trace needs to name who acted when


@dataclass(frozen=True)
class Trace:
    """One behaviour, and what it needs.

    name: that of its file, its golden file and its function.
    method: its docstring; printed in the dossier.
    reads: columns of `tables.POSTS` that it looks at; it is shown no others.
    seconds: bound to seconds; to be left out where times are coarser (`at_resolution` > 1).
    whole: it compares posts with each other, so that what a post does can depend on the others: it is to be shown all
        of them at once, in any order, and never a slice.
    objects: posts → rows of (post, object).
    """

    name: str
    method: str
    reads: tuple[str, ...]
    seconds: bool
    whole: bool
    objects: Callable[[pl.DataFrame], pl.DataFrame]

    def __call__(self, posts: pl.DataFrame) -> pl.DataFrame:
        """The table `tables.ACTIONS`, sorted by (object, at, actor, post, by), each row once.

        Raises:
            InputError: a column that the trace needs is not there.
        """
        self._refuse_missing(posts)
        able = posts.filter(pl.col("at").is_not_null(), pl.col("post").is_not_null(),
                            pl.any_horizontal(pl.col("account", "place").is_not_null()))
        found = self.objects(able.select(sorted({"post", *self.reads})))
        acted = found.select("post", "object").drop_nulls().unique().join(able.select(ACTS), on="post")
        by_account = acted.select(actor="account", kind="account_kind", object="object", at="at", post="post",
                                  by=pl.lit(None, dtype=pl.String))
        by_place = acted.filter(pl.col("place").ne_missing(pl.col("account"))).select(
            actor="place", kind="place_kind", object="object", at="at", post="post", by="account")
        actions = tables.conform(pl.concat([by_account, by_place]), tables.ACTIONS, f"What {self.name} found")
        return (actions.filter(pl.col("actor").is_not_null(), pl.col("kind").is_not_null()).unique()
                .sort("object", "at", "actor", "post", "by"))

    def _refuse_missing(self, posts: pl.DataFrame) -> None:
        if missing := sorted({*ACTS, *self.reads} - set(posts.columns)):
            raise InputError(
                f"{self.name} needs columns this table does not have: {', '.join(missing)}.\n"
                f"It has: {', '.join(posts.columns)}.\n"
                "Map your columns with  --column post=tweet_id ..., or leave this trace out "
                f"with  --without {self.name}."
            )


def trace(reads: tuple[str, ...], seconds: bool = False, whole: bool = False) -> Callable[[Callable], Trace]:
    """Make a trace of a function that takes posts (with `post` and the columns it reads) and gives (post, object)."""
    def made(objects: Callable[[pl.DataFrame], pl.DataFrame]) -> Trace:
        return Trace(objects.__name__, inspect.getdoc(objects) or "", tuple(reads), seconds, whole, objects)
    return made


def get(name: str) -> Trace:
    """The trace of this name.

    Raises:
        InputError: there is none; the message lists those there are.
    """
    return getattr(parts.load("traces", name), name)


def act(name: str, posts: pl.DataFrame) -> tuple[pl.DataFrame, int]:
    """What the posts did, seen by one trace.

    Args:
        name: of the trace.
        posts: the table `tables.POSTS`; one row a post.

    Returns:
        The table `tables.ACTIONS`, and how many posts gave no action because they lack what the trace needs (a time or
        an author included).

    Raises:
        InputError: no such trace, or a column that it needs is not there.
    """
    actions = get(name)(posts)
    return actions, posts.height - actions["post"].n_unique()
