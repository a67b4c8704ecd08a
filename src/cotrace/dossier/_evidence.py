"""Findings → the rows that every sentence will point at. Only posts of findings enter, and only masked.

Cells are strings; unknown is the empty cell. What can be computed from other rows (clusters, members) is computed here
by `derive.summaries`, the same function that `verify` calls.
"""

import datetime
from collections import Counter
from collections.abc import Iterable, Mapping

import polars as pl

from .. import derive, digest
from ..records import Findings, Ground, Link
from . import _roles
from ._masking import Mask

PUBLIC = 100   # actors inside one window, from which on a thing is everybody's: below, a plan with a low limit would
               # print what a circle of friends wrote, and none of them was found
FOUR_COUNTS = ("same_seen", "same_of", "unrelated_seen", "unrelated_of")

Rows = list[list[str]]


def moment(at: datetime.datetime | None) -> str:
    """UTC, microseconds only where there are any; unknown is empty."""
    if at is None:
        return ""
    fraction = f".{at.microsecond:06d}" if at.microsecond else ""
    return at.strftime("%Y-%m-%dT%H:%M:%S") + fraction + "Z"


def joined(items: Iterable[str] | None) -> str:
    """A list in a cell."""
    return ";".join(item.replace(";", "%3B") for item in items or ())


def cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return digest.decimal(value)
    if isinstance(value, datetime.datetime):
        return moment(value)
    if isinstance(value, list | tuple):
        return joined(map(str, value))
    return str(value)


def tables(findings: Findings, secret: bytes | None) -> tuple[dict[str, Rows], Mask]:
    """All evidence of a dossier, by table, in the columns of `derive.EVIDENCE`."""
    cluster_of = {actor: cluster.id for cluster in findings.clusters for actor in cluster.members}
    posts = _evidence_posts(findings)
    mask = _mask(findings, cluster_of, posts, secret)
    found: dict[str, Rows] = {name: [] for name in derive.EVIDENCE}
    found["edges"], found["occasions"] = _edges(findings, cluster_of, mask)
    found["posts"] = _posts(posts, mask)
    found["links"], found["grounds"], found["meetings"] = _links(findings.links, cluster_of, mask)
    found["registry"] = _registry(findings, mask)
    found["placebos"] = sorted([p.cell, str(p.copy), str(p.edges), str(p.naive_edges)] for p in findings.placebos)
    found["plantings"] = [[str(p.members), str(p.objects), str(p.jitter_s), str(p.planted), str(p.recovered), p.trace]
                          for p in findings.plantings]
    found["members"], found["clusters"] = derive.summaries(_named(findings, mask), found["edges"], found["occasions"])
    alpha = derive.number(cell(findings.plan.as_plain()["alpha"]))
    elsewhere = {} if findings.elsewhere is None else {
        mask.actor(actor): (before, after) for actor, before, after in findings.elsewhere.iter_rows()}
    found["roles"] = _roles.rows(found["members"], found["occasions"], elsewhere, alpha)
    found |= _read(findings) | {"traces": _traces(findings), "plan": _plan(findings)}
    found |= {"decisions": _decisions(findings, mask), "taken_out": _taken_out(findings)}
    found["common_property"] = _common_property(findings, mask)
    found |= _judged(findings, mask)
    found["run"] = _run(findings, found, mask)
    return found, mask


# ------------------------------------------------------------------------------------- who may be named

def _mask(findings: Findings, cluster_of: Mapping[str, str], posts: pl.DataFrame, secret: bytes | None) -> Mask:
    """Named are members, both ends of every edge, actors of links that may be named, and who is identified in them."""
    found = set(cluster_of) | set(findings.edges["a"].to_list()) | set(findings.edges["b"].to_list())
    sources = {row[3] for link in findings.links for ground in link.grounds for row in ground.occasions}
    identified = {link.actor for link in findings.links if link.word in derive.NAMED}
    identified |= set(posts.filter(pl.col("post").is_in(sorted(sources)))["account"].drop_nulls().to_list())
    together = findings.occasions.filter("together")
    of_occasions = posts.filter(pl.col("post").is_in(pl.concat([together["post_a"], together["post_b"]]).implode()))
    return Mask(found, identified, _names(findings, found | identified), _who(of_occasions) | _addressed(findings),
                _who(posts), secret)


def _who(posts: pl.DataFrame) -> set[str]:
    return {who for column in ("account", "place") for who in posts[column].drop_nulls().to_list()}


def _addressed(findings: Findings) -> set[str]:
    """Objects of occasions, and what was set aside, that are accounts: whom people answer or repost."""
    known = findings.reading.columns("account", "of_account", "place", "mentions")
    objects = pl.concat([findings.occasions.select("object"), *([] if findings.common is None else
                                                                [findings.common.select("object")])]).unique()
    people = [known.select(object=column) for column in ("account", "of_account", "place")]
    people.append(known.select(object=pl.col("mentions").explode()))
    return {who for accounts in people
            for who in objects.join(accounts.drop_nulls().unique(), on="object", how="semi")["object"].to_list()}


def _names(findings: Findings, published: set[str]) -> dict[str, list[str]]:
    rows = findings.reading.actors.filter(pl.col("actor").is_in(sorted(published)))
    names: dict[str, list[str]] = {}
    for actor, handle, name in rows.select("actor", "handle", "name").unique().sort(
            "actor", "handle", "name", nulls_last=True).iter_rows():
        names.setdefault(actor, []).extend(spelled for spelled in (handle, name) if spelled)
    return names


def _named(findings: Findings, mask: Mask) -> Rows:
    """cluster, actor, kind, name, handle, stability of each member: the newest name that is known."""
    members = [actor for cluster in findings.clusters for actor in cluster.members]
    newest: dict[str, tuple[str, str]] = {}
    rows = findings.reading.actors.filter(pl.col("actor").is_in(members)).sort(
        "actor", "seen_to", "seen_from", "name", "handle", nulls_last=False)
    for actor, name, handle in rows.select("actor", "name", "handle").iter_rows():
        before = newest.get(actor, ("", ""))
        newest[actor] = (name or before[0], handle or before[1])
    kinds = {actor: kind for a, b, kind in findings.edges.select("a", "b", "kind").iter_rows() for actor in (a, b)}
    found = []
    for cluster in sorted(findings.clusters, key=lambda cluster: cluster.id):
        for actor, stability in zip(cluster.members, cluster.stability, strict=True):
            name, handle = newest.get(actor, ("", ""))
            found.append([cluster.id, mask.actor(actor), kinds.get(actor, ""), mask.name(name), mask.name(handle),
                          str(stability)])
    return sorted(found)


# --------------------------------------------------------------------------------------- edges and posts

def posts_of(findings: Findings) -> set[str]:
    """The posts that the dossier shows: whatever else is known of posts is not looked at here."""
    together = findings.occasions.filter("together")
    wanted = set(together["post_a"].to_list()) | set(together["post_b"].to_list())
    for link in findings.links:
        for ground in link.grounds:
            wanted |= {post for row in ground.occasions for post in (row[1], row[3]) if post}
    return wanted


def _evidence_posts(findings: Findings) -> pl.DataFrame:
    chosen = pl.DataFrame({"post": sorted(posts_of(findings))}, schema={"post": pl.String})
    return findings.reading.rows(pl.col("post").is_in(chosen["post"].implode())).sort("post")


def _posts(posts: pl.DataFrame, mask: Mask) -> Rows:
    rows = []
    for post in posts.iter_rows(named=True):
        mentioned = [*(post["mentions"] or ()), *([post["of_account"]] if post["of_account"] else ())]
        if post["account"] and post["account"] not in mask.published:
            mentioned.append(post["account"])
        rows.append([
            mask.post(post["post"]), mask.actor(post["account"]) if post["account"] else "",
            mask.actor(post["place"]) if post["place"] else "", moment(post["at"]), cell(post["kind"]),
            mask.text(post["text"] or "", mentioned),
            joined(mask.text(link, mentioned) for link in post["links"] or ()),
            joined(mask.text(tag, ()) for tag in post["tags"] or ()), cell(post["lang"]), cell(post["receipt"]),
            joined(item.lower() for item in post["media"] or () if derive.PICTURE.fullmatch(item.lower()))])
    return sorted(rows)


def _edges(findings: Findings, cluster_of: Mapping[str, str], mask: Mask) -> tuple[Rows, Rows]:
    """Rows of `edges` and `occasions`; where a keyed hash turns a < b round, the row is turned with it."""
    tested: dict[tuple[str, str, str], list[int]] = {}
    occasions: Rows = []
    for row in findings.occasions.iter_rows(named=True):
        a, b = row["a"], row["b"]
        cluster = _together_in(cluster_of, a, b)
        counts = tested.setdefault((a, b, row["trace"]), [0, 0, 0])
        counts[0] += 1
        first, second = mask.actor(a), mask.actor(b)
        turned = first > second
        delta = -row["delta_s"] if turned else row["delta_s"]
        if row["together"]:
            counts[1] += row["delta_s"] > 0
            counts[2] += row["delta_s"] < 0
            sides = [[mask.post(row["post_a"]), moment(row["at_a"])], [mask.post(row["post_b"]), moment(row["at_b"])]]
            shown = [mask.thing(row["object"]), *(sides[1] + sides[0] if turned else sides[0] + sides[1]),
                     digest.decimal(delta, 15)]
        else:
            shown = [mask.unseen(row["object"]), "", "", "", "", ""]
        occasions.append([cluster, *sorted((first, second)), row["trace"], *shown, cell(row["together"]),
                          f"{row['chance']:.6f}"])
    edges = [_edge(row, cluster_of, tested, mask) for row in findings.edges.iter_rows(named=True)]
    return sorted(edges), sorted(occasions)


def _edge(row: Mapping, cluster_of: Mapping[str, str], tested: Mapping[tuple[str, str, str], list[int]], mask: Mask,
          ) -> list[str]:
    counts = tested.get((row["a"], row["b"], row["trace"]), [0, 0, 0])
    first, second = mask.actor(row["a"]), mask.actor(row["b"])
    sides = counts[1:] if first < second else counts[:0:-1]
    return [_together_in(cluster_of, row["a"], row["b"]), *sorted((first, second)), row["kind"], row["trace"],
            str(row["window_s"]), str(row["observed"]), f"{row['expected']:.6f}",
            *(digest.decimal(row[name]) for name in ("p", "q", "p_time", "p_choice")), str(row["shared"]),
            f"{row['shared_expected']:.6f}", str(row["rare"]), f"{row['rare_expected']:.6f}", str(counts[0]),
            *map(str, sides), str(row["alike"])]


def _together_in(cluster_of: Mapping[str, str], a: str, b: str) -> str:
    one, other = cluster_of.get(a), cluster_of.get(b)
    return one if one is not None and one == other else ""


# ------------------------------------------------------------------------------------ links and registry

def _links(links: Iterable[Link], cluster_of: Mapping[str, str], mask: Mask) -> tuple[Rows, Rows, Rows]:
    told: Rows = []
    grounds: Rows = []
    meetings: Rows = []
    for link in links:
        who = [link.cluster or "", mask.actor(link.actor), link.source]
        told.append([*who, link.word, cell(link.posterior), link.word_if_prior_tenth, link.word_if_prior_tenfold,
                     link.bounded_by, link.explanation, cell(link.word in derive.NAMED)])
        for ground in link.grounds:
            grounds.append([*who, *_ground(ground)])
            for thing, post_actor, at_actor, post_source, at_source, delta_s in ground.occasions:
                meetings.append([*who, ground.indicator, mask.thing(thing), mask.post(post_actor), _time(at_actor),
                                 mask.post(post_source), _time(at_source), str(delta_s)])
    return sorted(told), sorted(grounds), sorted(meetings)


def _judged(findings: Findings, mask: Mask) -> dict[str, Rows]:
    """The second verdict: signs, who bears them, explanations, and what the verdict would be without each sign."""
    signs, bearers = [], []
    for sign in findings.signs:
        counts = [str(sign.counts[name]) for name in derive.EVIDENCE["signs"][5:14]]
        signs.append([sign.cluster, sign.name, sign.column, cell(sign.profile), sign.says, *counts, cell(sign.p),
                      cell(sign.q), sign.state, cell(sign.open)])
        bearers += [[sign.cluster, sign.name, mask.actor(actor)] for actor in sign.bearers]
    told = [[one.cluster, one.name, joined(one.covers), str(one.needs), one.says, one.pro, one.contra,
             str(one.for_seen), str(one.for_of), str(one.against_seen), str(one.against_of), one.fits]
            for one in findings.explanations]
    verdicts = [[one.cluster, one.word, joined(one.signs), one.without_explanations, joined(one.bounded_by), one.first]
                for one in findings.verdicts]
    without = [[one.cluster, name, word] for one in findings.verdicts for name, word in one.without]
    return {"signs": sorted(signs), "bearers": sorted(bearers), "explanations": sorted(told),
            "verdicts": sorted(verdicts), "without": sorted(without)}


def _time(at: object) -> str:
    """Times of grounds may come as text: anything that parses becomes our one spelling."""
    if isinstance(at, str) and at and not derive.MOMENT.fullmatch(at):
        parsed = datetime.datetime.fromisoformat(at.replace("Z", "+00:00"))
        return moment(parsed.astimezone(datetime.UTC) if parsed.tzinfo else parsed)
    return cell(at)


def _ground(ground: Ground) -> list[str]:
    own = {key: value for key, value in ground.counts.items() if key not in FOUR_COUNTS}
    return [ground.indicator, ground.says, cell(ground.ratio), cell(ground.low), cell(ground.high),
            *(cell(ground.counts.get(key)) for key in FOUR_COUNTS),
            ";".join(f"{key}={value}" for key, value in sorted(own.items())), joined(sorted(ground.selectors))]


def _registry(findings: Findings, mask: Mask) -> Rows:
    """The registry's rows that a ground rests on, and of the sources of named links; nothing else of it."""
    receipts = sorted({receipt for link in findings.links for ground in link.grounds for receipt in ground.selectors})
    rows = findings.sources.filter(pl.col("receipt").is_in(receipts))
    found = []
    for row in rows.iter_rows(named=True):
        shown = {key: cell(value) for key, value in row.items()}
        shown["selector"] = mask.selector(row["selector_type"], row["selector"] or "", row["receipt"])
        shown["name"] = mask.name(row["name"] or "")
        shown["note"] = mask.text(row["note"] or "", ())
        found.append([shown[column] for column in derive.EVIDENCE["registry"]])
    return sorted(found)


# --------------------------------------------------------------------------------------------- decisions

def _decisions(findings: Findings, mask: Mask) -> Rows:
    gone = sorted({made.actor for made in findings.decisions if made.verdict == "different" and not made.source})
    known = findings.reading.actors.filter(pl.col("actor").is_in(gone))
    spelled = [*gone, *known["handle"].drop_nulls().unique().sort(), *known["name"].drop_nulls().unique().sort()]
    return sorted([mask.decided(made.actor), made.source, made.verdict, made.by, made.at,
                   mask.quoted(made.because, spelled)] for made in findings.decisions)


def _taken_out(findings: Findings) -> Rows:
    """The p of every pair that a decision took out, and nothing else of it: the q of the others rest on it."""
    count: dict[str, int] = {}
    for p in findings.taken_out:
        said = digest.decimal(p)
        count[said] = count.get(said, 0) + 1
    return sorted([p, str(edges)] for p, edges in count.items())


# --------------------------------------------------------------------------------- the reading and the run

def _common_property(findings: Findings, mask: Mask) -> Rows:
    """What was set aside, with its counts. What few use stands by its number alone: few people's words are theirs."""
    if findings.common is None:
        return []
    told = [(trace, mask.thing(thing) if busiest >= PUBLIC else mask.unseen(thing), thing, str(actors), str(busiest),
             str(window_s)) for trace, thing, actors, busiest, window_s in findings.common.iter_rows()]
    alike = Counter((trace, shown) for trace, shown, *_ in told)  # two texts that differ in what is masked in them
    return sorted([trace, shown if alike[trace, shown] == 1 else mask.unseen(thing), *counts]
                  for trace, shown, thing, *counts in told)


def _read(findings: Findings) -> dict[str, Rows]:
    reading = findings.reading
    inputs = [[i.name, i.sha256, str(i.bytes), i.format, ";".join(f"{ours}={theirs}" for ours, theirs in i.mapping),
               i.zone, str(i.resolution_s), str(i.records), str(i.posts)] for i in reading.inputs]
    rejects = reading.rejects.group_by("file", "reason").len().sort("file", "reason")
    notes = [*reading.notes, *findings.notes]
    return {"inputs": sorted(inputs),
            "counts": sorted([key, str(value)] for key, value in reading.counts.items()),
            "rejects": [[cell(file), cell(reason), str(count)] for file, reason, count in rejects.iter_rows()],
            "notes": [[str(number), note] for number, note in enumerate(notes, 1)]}


def _traces(findings: Findings) -> Rows:
    return sorted([t.name, " ".join(t.method.split()), str(t.actions), str(t.actors), str(t.objects),
                   str(t.posts_without), str(t.set_aside), t.off or ""] for t in findings.traces)


def _plan(findings: Findings) -> Rows:
    plain = findings.plan.as_plain()
    return sorted([key, cell(value)] for key, value in plain.items())


def _run(findings: Findings, found: Mapping[str, Rows], mask: Mask) -> Rows:
    posts = findings.reading.columns("at", "account", "place")
    times = posts.select(first=pl.col("at").min(), last=pl.col("at").max()).row(0) if posts.height else (None, None)
    placebo_cells = sorted({row[0] for row in found["placebos"]})
    run = {
        "tests": findings.tests, "candidates": findings.candidates, "posts": posts.height,
        "actors": pl.concat([posts[who].unique() for who in ("account", "place")]).drop_nulls().n_unique(),
        "first_post": times[0], "last_post": times[1],
        "resolution_s": max((i.resolution_s for i in findings.reading.inputs), default=0),
        "registry_selectors": findings.sources.height,
        "edges_outside": sum(not row[0] for row in found["edges"]),
        "masked_accounts": len(mask.used), "masked_mentions": mask.mentions, "pseudonyms": mask.secret is not None,
        "placebo_cells": placebo_cells, "naive_edges": findings.naive_edges, "forgotten": findings.forgotten,
        "searched": findings.searched,
        **{f"read_{choice}": said for choice, said in findings.reading.how},
    }
    how = {f"read_{key}": value for key, value in findings.reading.how}
    return sorted([key, cell(value)] for key, value in (run | how).items())


def table_bytes(found: Mapping[str, Rows]) -> dict[str, bytes]:
    """The evidence as files of the archive."""
    return {f"evidence/{name}.csv": digest.csv_bytes(columns, found[name]) for name, columns in derive.EVIDENCE.items()}
