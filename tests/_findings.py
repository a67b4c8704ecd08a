"""Findings by hand, small and whole: two clusters, a pair in none, links of each kind, hostile words. Every number in
them is computed by the parts that would have computed it, so a dossier of them verifies.

    full()      two clusters, links, placebos, plantings        nothing()   an empty finding, a full report
"""

import dataclasses
import datetime as dt
import math
import random

import numpy as np
import polars as pl

from cotrace import attribution, digest, network, records, tables, traces, verdicts
from cotrace.verdicts import _chance as rule
from cotrace.verify._own import EXPLANATIONS, INDICATORS, SIGNS
from cotrace.verify._own import LISTED as LISTS

DAY = dt.datetime(2024, 3, 1, tzinfo=dt.UTC)
FILE = digest.sha256(b"posts of a world that never was")
REGISTRY = digest.sha256(b"a registry of nobody")
RING = [f"twitter:{n}" for n in range(101, 106)]        # five accounts that share links within a minute
PAGES = [f"facebook:page{n}" for n in "abc"]            # three pages that publish the same text within half an hour
PAIR = ["twitter:301", "twitter:302"]                   # a pair in no cluster
LISTED = "twitter:999"                                  # identified by the registry, in no cluster
OUTSIDER = "twitter:777"                                # mentioned and answered, found nowhere
TESTS = 40_000
CANDIDATES = 900
PLAN = records.Plan(traces=("reply_target", "same_text", "shared_link"), windows=(60, 300, 1800))


def tail(chances, observed):
    """P(sum ≥ observed), by convolution: not the way that anybody else computes it."""
    ways = np.ones(1)
    for chance in chances:
        ways = np.convolve(ways, [1 - chance, chance])
    return float(ways[observed:].sum())


def full(**changes) -> records.Findings:
    rng = random.Random(7)
    told = [_edge(rng, a, b, "account", "shared_link", 60, 8, 2) for i, a in enumerate(RING) for b in RING[i + 1:]]
    told += [_edge(rng, a, b, "page", "same_text", 1800, 5, 1) for i, a in enumerate(PAGES) for b in PAGES[i + 1:]]
    told.append(_edge(rng, *PAIR, "account", "reply_target", 300, 6, 0))
    edges = pl.DataFrame([edge for edge, _, _ in told])
    edges = edges.with_columns(q=pl.Series(network._search.benjamini_hochberg(edges["p"].to_numpy(), TESTS)))
    occasions = pl.DataFrame([row for _, rows, _ in told for row in rows], schema=tables.OCCASIONS, orient="row")
    grounds, said = _sightings(occasions)
    posts = _posts([post for _, _, made in told for post in made], said)
    plan_digest = digest.digest(PLAN.as_plain())
    clusters = tuple(sorted((_cluster(members, edges, plan_digest) for members in (RING, PAGES)), key=lambda c: c.id))
    findings = records.Findings(
        plan=PLAN, reading=_reading(posts), traces=_traces(), tests=TESTS, candidates=CANDIDATES, clusters=clusters,
        sources=_sources(),
        edges=tables.conform(edges, tables.EDGES, "edges").sort("a", "b", "trace"),
        occasions=occasions.sort("a", "b", "trace", "object"), links=_links(clusters, grounds),
        placebos=tuple(records.Placebo(cell, copy, copy % 3 == 0 and cell == "10 min", 20 + copy)
                       for cell in ("10 min", "1 h") for copy in range(20)),
        plantings=tuple(records.Planting(members, objects, jitter, 10, back, "shared_link")
                        for members, objects, jitter, back in
                        ((3, 4, 60, 3), (3, 8, 60, 9), (5, 6, 60, 10), (5, 6, 1800, 9), (10, 12, 21600, 2))),
        notes=("shared_link: 2 objects were common property.",), naive_edges=25, common=_common(),
        elsewhere=pl.DataFrame([(actor, 12 + place, 9) for place, actor in enumerate(sorted(RING + PAGES))],
                               schema=tables.ELSEWHERE, orient="row"))
    findings = dataclasses.replace(findings, placebos=tuple(
        dataclasses.replace(p, edges=0) for p in findings.placebos))
    return judged(dataclasses.replace(findings, **changes))


def judged(findings) -> records.Findings:
    """The same with signs, explanations and verdicts: the ring created in one go and fallen silent in one day."""
    signs, told = [], []
    for cluster in findings.clusters:
        ring = cluster.members[0] in RING
        members = len(cluster.members)
        shown = {"created": (members * ring, members, 2), "handles": (1, members, 3), "renamed": (0, 0, 0),
                 "silenced": (members * ring, members, 1)}
        for name, (column, profile, open_, says) in SIGNS.items():
            seen, of, others = shown.get(name, (0, 0, 0))
            counts = {"members": members, "seen": seen, "of": of, "others_seen": others,
                      "others_of": 400 * (name in shown), "audience_seen": min(1, others),
                      "audience_of": 30 * (name in shown), "tries": 15, "chosen": 1}
            signs.append(records.Sign(cluster.id, name, column, profile == "yes", says.format(stretch="one day"),
                                      cluster.members[:seen], counts, rule.p(counts), None, rule.CANNOT,
                                      open=open_ == "yes"))
        for name, (covers, needs, *words) in EXPLANATIONS.items():
            speak, known = {"management": (members * (not ring), members), "viral": (1, members),
                            "protest": (0, members * (not ring))}.get(name, (0, 0))
            counts = (speak, known, known - speak, known)
            told.append(records.Explanation(cluster.id, name, tuple(covers.split(";")), int(needs), *words, *counts,
                                            rule.fits(*counts, int(needs))))
    signs = verdicts._corrected(signs, findings.plan.alpha)
    return dataclasses.replace(findings, signs=signs, explanations=tuple(told), verdicts=tuple(
        rule.decide(cluster.id, signs, told) for cluster in findings.clusters))


def nothing(**changes) -> records.Findings:
    found = full()
    return dataclasses.replace(found, edges=tables.empty(tables.EDGES), occasions=tables.empty(tables.OCCASIONS),
                               clusters=(), links=(), notes=(), signs=(), explanations=(), verdicts=(),
                               **changes)


def _edge(rng, a, b, kind, trace, window_s, together, apart):
    rows, posts = [], []
    for n in range(together + apart):
        met = n < together
        at = DAY + dt.timedelta(days=n, hours=rng.randrange(8, 20), seconds=rng.randrange(3600))
        delta = rng.randrange(-window_s, window_s + 1) if met else window_s * 3 + rng.randrange(1000)
        if trace == "same_text":
            delta = abs(delta)  # the same page is always first: also what a reader leaves
        thing = {"shared_link": f"https://news.example/{a[-3:]}/{n}",
                 "same_text": f"the words of {b[-1]}, day {n}, again",
                 "reply_target": OUTSIDER if n == 0 else f"twitter:9{n}{a[-3:]}"}[trace]
        sides = []
        for actor, moment in ((a, at), (b, at + dt.timedelta(seconds=delta))):
            post = f"{actor}p{b[-3:]}{a[-3:]}{n}"
            posts.append((post, actor, kind, moment, thing, trace))
            sides += [post, moment]
        rows.append((a, b, trace, thing, *sides, float(delta), met, (rng.randrange(50_000, 150_000)
                                                                     + (500_000 if n == 0 else 0)) / 1e6))
    chances = [row[-1] for row in rows]
    p_time = min(1.0, len(PLAN.windows) * tail(chances, together))
    shared_expected, rare_expected = 0.731234, 0.2
    choice = network._choice.Choice(np.array([together + apart]), np.array([shared_expected]), np.array([together]),
                                    np.array([rare_expected]))
    taste, alike = network._choice.tails(choice), np.array([2])
    p_choice = network._search.p_choice(taste, alike, CANDIDATES, TESTS)
    p = float(network._search.p(np.array([p_time]), p_choice)[0])
    edge = {"a": a, "b": b, "kind": kind, "trace": trace, "window_s": window_s, "observed": together,
            "expected": math.fsum(chances), "p": p, "p_time": p_time, "p_choice": float(p_choice[0]),
            "shared": together + apart, "shared_expected": shared_expected, "rare": together,
            "rare_expected": rare_expected, "alike": int(alike[0])}
    return edge, rows, posts


def _sightings(occasions):
    """What the actors of links did before (−) and after (+) posts of the source, s; and those posts of the source."""
    told, said = {}, []
    for actor, deltas in {RING[1]: [-60, 90] * 10, RING[2]: [600 + 7 * n for n in range(20)],
                          RING[3]: [-60, 90] * 10}.items():
        own = sorted({(row[f"post_{side}"], row[f"at_{side}"], row["object"]) for side in "ab"
                      for row in occasions.filter(pl.col(side) == actor, "together").iter_rows(named=True)})
        rows = []
        for (post, at, thing), delta in zip(own, deltas, strict=False):
            said.append((f"twitter:src{len(said)}", at - dt.timedelta(seconds=delta), thing))
            rows.append((thing, post, _iso(at), said[-1][0], _iso(said[-1][1]), str(delta)))
        counts = {"occasions": len(rows), "before": sum(d < 0 for d in deltas), "after": sum(d > 0 for d in deltas),
                  "before_due": 10_000, "first": sum(d < 0 for d in deltas), "first_due": 7000}
        told[actor] = counts, tuple(rows)
    return told, said


def _iso(at):
    return at.isoformat().replace("+00:00", "Z")


def _posts(made, said):
    rows = []
    for n, (post, actor, kind, at, thing, trace) in enumerate(made, 1):
        page = kind == "page"
        words = thing if trace == "same_text" else (
            f"=HYPERLINK({n}) look\nat <script>alert(1)</script> {{x}} @stranger_x")
        rows.append({"platform": actor.partition(":")[0], "post": post, "account": None if page else actor,
                     "account_kind": "account", "at": at, "at_resolution": 1, "kind": "post",
                     "place": actor if page else None, "place_kind": "page" if page else None,
                     "text": words + " mail me: someone@host.example @user101 https://x.com/stranger_x/status/5",
                     "links": [thing] if trace == "shared_link" else None, "tags": ["one", "t;wo"],
                     "mentions": ["twitter:stranger_x", "Old Neighbour"], "receipt": digest.receipt(FILE, n)})
    extra = {"platform": "twitter", "account_kind": "account", "at_resolution": 1, "kind": "post"}
    rows += [{**extra, "post": post, "account": LISTED, "at": at, "text": f"the source said {thing}, Old Neighbour",
              "mentions": ["Old Neighbour"], "receipt": digest.receipt(FILE, 80_000 + n)}
             for n, (post, at, thing) in enumerate(said)]
    rows += [{**extra, "post": "twitter:calm", "account": OUTSIDER, "at": DAY + dt.timedelta(days=30),
              "text": "private life", "receipt": digest.receipt(FILE, 90_002)}]
    return tables.conform(pl.DataFrame(rows, infer_schema_length=None), tables.POSTS, "posts").sort("at", "post")


def _reading(posts):
    actors = pl.DataFrame([{"actor": a, "platform": "twitter", "kind": "account", "id": a[8:],
                            "handle": f"user{a[8:]}", "name": f"Name of {a[8:]}", "seen_from": DAY, "seen_to": DAY}
                           for a in RING])
    rejects = pl.DataFrame([("posts.csv", 5, 6, "impossible time", "2024-13-45"),
                            ("posts.csv", 9, 10, "missing id", "")], schema=tables.REJECTS, orient="row")
    source = records.Input(name="posts.csv", sha256=FILE, bytes=12345, format="csv", zone="UTC, as the publisher says",
                           mapping=(("post", "tweet_id"), ("at", "posted, at")), resolution_s=1,
                           records=posts.height + 2, posts=posts.height)
    return records.Reading(posts=posts, actors=tables.conform(actors, tables.ACTORS, "actors"), inputs=(source,),
                           rejects=rejects, counts={"records": posts.height + 2, "posts": posts.height, "rejected": 2},
                           notes=("Times are to the second; 2 records were rejected.",))


def _traces():
    def report(name, *counts, off=None):
        return records.TraceReport(name, traces.get(name).method, *counts, off)

    return (report("shared_link", 12_000, 9_000, 80, 3, 2), report("same_text", 60, 5, 30, 40, 0),
            report("reply_target", 6_100, 5_950, 70, 2, 0),
            report("rapid_repost", 0, 0, 0, 0, 0,
                   off="it is bound to seconds, and the times of these posts are known to 60 s only"))


def _common():
    """A link that went round, and somebody whom everybody answered."""
    return pl.DataFrame([("shared_link", "https://viral.example/?about=someone@host.example", 8_000, 7_000, 1800),
                         ("shared_link", OUTSIDER, 5_900, 5_800, 1800)], schema=tables.COMMON, orient="row")


def _cluster(members, edges, plan_digest):
    inside = edges.filter(pl.col("a").is_in(members) & pl.col("b").is_in(members))
    layers = dict(sorted(inside.group_by("trace").len().iter_rows()))
    name = digest.digest({"members": sorted(members), "plan_digest": plan_digest})
    return records.Cluster(id=f"c-{name[:12]}", members=tuple(sorted(members)),
                           stability=tuple("1" if n else "0.95" for n in range(len(members))), traces=tuple(layers),
                           q=inside["q"].max(), layers=layers)


def _sources():
    rows = [("Operation Nobody", "account", "999", "r1"), ("Operation Nobody", "account", "101", "r2"),
            ("Operation Nobody", "email", "someone@nobody.example", "r3"),
            ("Another", "domain", "unused.example", "r4")]
    return tables.conform(pl.DataFrame([
        {"source": source, "selector_type": kind, "selector": selector, "identified_by": "The Ministry of Nothing",
         "at": "2023-05-01", "cites": "Report 7, https://ministry.example/7", "platform": "twitter",
         "receipt": f"sha256:{REGISTRY}#{r}"} for source, kind, selector, r in rows]), tables.SOURCES, "sources")


def _ground(indicator, same, unrelated, told=None, occasions=()):
    order = dict.fromkeys(("occasions", "before", "after", "before_due", "first", "first_due"), 0)
    counts = {"same_seen": same[0], "same_of": same[1], "unrelated_seen": unrelated[0], "unrelated_of": unrelated[1],
              "cap": INDICATORS[indicator][0], **order, **(told or {})}
    if indicator == "coordination":
        counts["ordered"] = counts["occasions"]
    bounds = attribution.interval(counts)
    return records.Ground(indicator=indicator, says=INDICATORS[indicator][1][0], ratio=attribution.ratio(counts),
                          counts=counts, low=bounds and bounds[0],
                          high=None if not bounds or math.isinf(bounds[1]) else bounds[1], occasions=occasions,
                          selectors=(f"sha256:{REGISTRY}#r1", f"sha256:{REGISTRY}#r3"))


def _link(cluster, actor, grounds, strong=("identity",)):
    posterior, rule = attribution.judge(grounds, strong, PLAN.prior_odds)
    at, tenth, tenfold = (records.word(attribution.judge(grounds, strong, PLAN.prior_odds * f)[0]) for f in (1, .1, 10))
    return records.Link(cluster=cluster, actor=actor, source="Operation Nobody", grounds=grounds, word=at,
                        posterior=posterior, word_if_prior_tenth=tenth, word_if_prior_tenfold=tenfold, bounded_by=rule,
                        explanation=attribution._chance.explain(grounds))


def _links(clusters, told):
    ring = next(c for c in clusters if c.members == tuple(RING)).id

    def content(actor, same):
        return _ground("content", same, (1, 400), *told[actor])

    both = (content(RING[1], (60, 80)), _ground("coordination", (79, 80), (0, 900), *told[RING[1]]))

    def listed(actor, cluster, receipt):
        fact = records.Ground(indicator="identity", says=LISTS, ratio=None, counts={}, low=None, high=None,
                              selectors=(f"sha256:{REGISTRY}#{receipt}",))
        return records.Link(cluster=cluster, actor=actor, source="Operation Nobody", grounds=(fact,), word="listed",
                            posterior=None, word_if_prior_tenth="listed", word_if_prior_tenfold="listed", bounded_by="",
                            explanation="")

    links = [listed(RING[0], ring, "r2"), listed(LISTED, None, "r1"), _link(ring, RING[1], both),
             _link(ring, RING[2], (content(RING[2], (60, 80)),)), _link(ring, RING[3], (content(RING[3], (3, 80)),)),
             _link(ring, RING[4], (_ground("content", (3, 8), (1, 400)),))]
    return tuple(sorted(links, key=lambda found: (found.source, found.actor)))
