"""A platform in numbers: posts of people who do not coordinate, and rings of ten that do, of any size, in seconds.

Only for benchmarks: it has the shape of posts (heavy tails, days, reposts, tags, answers) and says nothing of people.
Every post is about a story, which appears once and is talked about in the hours and days after: two in five carry its
link, two in five one of its texts, one in five repeats its post, one in eight answers it, one in six has its tags. Each
ring of ten publishes fifteen links of its own, each within five minutes. Every choice has a seed.
"""

import numpy as np
import polars as pl

DAYS = 30
RINGS, MEMBERS, JOINT, JITTER_S = 5, 10, 15, 300
BEGIN_S = 1_772_323_200  # 2026-03-01
WORDS = ["water", "bridge", "north", "signal", "paper", "market", "river", "stone", "window", "garden", "letter",
         "engine", "harbour", "morning", "valley", "copper", "silver", "thunder", "meadow", "lantern", "orchard"]


def posts(count: int, seed: int = 0) -> pl.DataFrame:
    """So many posts, sorted by nothing; columns as exports of platforms name them."""
    rng = np.random.default_rng(seed)
    joint = RINGS * MEMBERS * JOINT if count >= 20 * RINGS * MEMBERS * JOINT else 0
    people = max(200, count // 20)
    crowd = count - joint
    stories = max(50, count // 15)
    story = _drawn(rng, stories, crowd, 1.0)
    appeared = _moments(rng, stories)
    late = rng.lognormal(np.log(3600), 2.0, crowd).clip(0, 5 * 86_400).astype(np.int64)
    act = rng.random(crowd)
    frame = pl.DataFrame({
        "account": _drawn(rng, people, crowd, 0.8), "at": appeared[story] + late, "share": act < 0.2,
        "reply": (act >= 0.2) & (act < 0.325), "target": story, "link": story, "linked": rng.random(crowd) < 0.5,
        "tag": story, "tagged": rng.random(crowd) < 0.2, "text": story * 3 + rng.integers(0, 3, crowd),
        "common": rng.random(crowd) < 0.5,
    })
    if joint:
        frame = pl.concat([frame, _rings(rng, people, frame.schema)])
    return _spelled(frame.sample(fraction=1.0, shuffle=True, seed=seed).with_row_index("post"))


def _drawn(rng: np.random.Generator, kinds: int, count: int, exponent: float) -> np.ndarray:
    """Zipf's law: the k-th is drawn with weight k^-exponent."""
    total = np.cumsum(np.arange(1, kinds + 1, dtype=np.float64) ** -exponent)
    return np.searchsorted(total, rng.random(count) * total[-1]).astype(np.int64)


def _moments(rng: np.random.Generator, count: int) -> np.ndarray:
    """Seconds: any day, mostly in the afternoon."""
    hour = np.clip(rng.normal(15, 4, count), 0, 23.999)
    return BEGIN_S + rng.integers(0, DAYS, count) * 86_400 + (hour * 3600).astype(np.int64)


def _rings(rng: np.random.Generator, people: int, schema: pl.Schema) -> pl.DataFrame:
    ring = np.repeat(np.arange(RINGS), MEMBERS * JOINT)
    member, event = np.tile(np.repeat(np.arange(MEMBERS), JOINT), RINGS), np.tile(np.arange(JOINT), RINGS * MEMBERS)
    when = _moments(rng, RINGS * JOINT).reshape(RINGS, JOINT)[ring, event] + rng.integers(0, JITTER_S, len(ring))
    nobody = np.zeros(len(ring), dtype=np.int64)
    return pl.DataFrame({
        "account": people + ring * MEMBERS + member, "at": when, "share": False, "reply": False, "target": nobody,
        "link": 10**9 + ring * JOINT + event, "linked": True, "tag": nobody, "tagged": False,
        "text": nobody, "common": False}, schema=schema)


def _spelled(frame: pl.DataFrame) -> pl.DataFrame:
    """Integers as an export spells them."""
    def words(code: pl.Expr) -> pl.Expr:
        picked = [code.hash(seed) % len(WORDS) for seed in range(9)]
        return pl.concat_str([pl.lit(pl.Series(WORDS)).gather(one) for one in picked], separator=" ")

    own = pl.col("post").cast(pl.Int64) + 10**8
    return frame.select(
        platform=pl.lit("x"), post_id=pl.format("{}", pl.col("post").cast(pl.Int64) + 10**9),
        author_id=pl.format("{}", pl.col("account") + 10**7),
        created_at=pl.from_epoch("at", time_unit="s").dt.strftime("%Y-%m-%dT%H:%M:%SZ"),
        text=pl.concat_str([words(pl.when("common").then("text").otherwise(own)), pl.lit(" "),
                            pl.when("common").then("text").otherwise(own).cast(pl.String)]),
        urls=pl.when(pl.col("linked") & ~pl.col("share")).then(
            pl.format("https://news.example/{}/story-{}?utm_source=x", pl.col("link") % 997, "link")),
        hashtags=pl.when("tagged").then(pl.format("tag{} topic{}", "tag", pl.col("tag") % 97)),
        retweet_of=pl.when("share").then(pl.format("{}", pl.col("target") + 10**9)),
        repost_of_at=pl.when("share").then(pl.from_epoch(pl.col("at") - 5 - pl.col("target") % 5, time_unit="s")
                                           .dt.strftime("%Y-%m-%dT%H:%M:%SZ")),
        retweeted_user_id=pl.when("share").then(pl.format("{}", pl.col("target") % 999_983 + 10**7)),
        in_reply_to_status_id=pl.when("reply").then(pl.format("{}", pl.col("target") + 10**9)),
        lang=pl.lit("en"),
    )
