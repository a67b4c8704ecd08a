"""Evidence → the sentences of the statement, in the words that the accused will read.

It sees nothing but the evidence tables, so whoever has a dossier can write its sentences again. Nothing here says what
anybody intended, who stands behind an account, or that acting together is wrong.
"""

from collections.abc import Iterable, Mapping, Sequence

from .. import attribution, derive
from ..derive import Tables
from ..records import Ground
from . import _judged
from ._writer import Derivation, Writer, constant, count, distinct, divide, end, every, one, total, tuples

NOUNS = {"account": "accounts", "page": "pages", "group": "groups", "channel": "channels"}
MANY_NAMES = 60  # beyond it a list is not read; the exhibit is named instead


def sections(tables: Tables) -> list[dict]:
    """The sections of the statement, each with its sentences, in the order of `derive.SECTIONS`."""
    w = Writer(tables)
    for name, title in derive.SECTIONS.items():
        w.section(name, title)
        _WRITERS[name](w)
        if name == "summary":
            for cluster in w.ids("clusters", "cluster"):
                w.section(f"cluster:{cluster}", f"Cluster {cluster}")
                _cluster(w, cluster)
    return w.sections


def standing(tables: Tables) -> tuple[str, str | None]:
    """May the word "validated" be used, and which copies were the worst? See `derive.standing`."""
    copies = [(row[0], int(row[2])) for row in tables.rows("placebos")]
    alpha = derive.number(tables.cell("plan", "value", {"key": "alpha"}))
    first, last = (tables.cell("run", "value", {"key": key}) for key in ("first_post", "last_post"))
    return derive.standing(copies, len(tables.rows("edges")), alpha, span=(first, last))


# ------------------------------------------------------------------------------------------------ summary

def _summary(w: Writer) -> None:
    state, worst = standing(w.tables)
    _standing(w, state, worst)
    w.say("FACT", "Files read: {files}. Their {records} records gave {posts} posts by {actors} actors.",
          "inputs", "run", records=total("inputs", "records"), files=count("inputs"),
          posts=one("run", "value", "integer", key="posts"), actors=one("run", "value", "integer", key="actors"))
    if w.run("first_post"):
        w.say("FACT", "The first of these posts is of {first}, the last of {last}.", "run",
              first=one("run", "value", "day", key="first_post"), last=one("run", "value", "day", key="last_post"))
    if w.some("clusters"):
        w.say("FACT", "Clusters of actors that act together: {clusters}, with {members} members between them.",
              "clusters", "members", clusters=count("clusters"), members=count("members"))
    if w.some("edges"):
        w.say("FACT", "They rest on {pairs} pairs of actors. Where a pair counts once for each behaviour in which it "
              "passed, these are {edges}; {outside} of them lie in no cluster and count for none.", "edges", "run",
              pairs=tuples("edges", "a,b"), edges=count("edges"),
              outside=one("run", "value", "integer", key="edges_outside"))
    if w.some("edges") and not w.some("clusters"):
        w.say("FACT", "No cluster of at least three members was found.", "clusters", "edges")
    if not w.some("edges") and w.run("searched") == "0":
        w.say("FACT", "Nothing can be concluded: in no behaviour were there enough actors and shared things for chance "
              "to be known.", "run", "traces", "notes")
    elif not w.some("edges"):
        w.say("FACT", "Nobody was found to act together with anybody beyond what chance explains.", "edges", "plan")
        _smallest(w)
    if w.some("links", word="listed"):
        w.say("FACT", "{actors} of the actors stand on the lists of previously identified sources that were given.",
              ("links", {"word": "listed"}), actors=distinct("links", "actor", word="listed"))
    if w.some("links", word=list(derive.NAMED[1:])):
        inferred = {"word": list(derive.NAMED[1:])}
        w.say("JUDGEMENT", "Of {actors} of the actors it is judged likely, or more than likely, that they have a "
              "common operator with actors on these lists.", ("links", inferred),
              actors=distinct("links", "actor", **inferred))
    _judged.summary(w)
    w.say("INFERENCE", "Acting together is not in itself dishonest: parties, fan communities, newsrooms, unions and "
          "agencies do it openly.", "plan")


def _standing(w: Writer, state: str, worst: str | None) -> None:
    if state == "rate exceeded" and worst is not None:
        w.say("FACT", "Read this first: on copies of these posts in which who meets whom is broken, the same search "
              "still found {mean} pairs on average, each counted in each behaviour, against {edges} here.",
              ("placebos", {"cell": worst}), "edges",
              mean=_mean(worst), edges=count("edges"))
        w.say("FACT", "That is a measured false discovery rate of {rate}, above the {alpha} that the plan accepts, so "
              "nothing here is called validated.", ("placebos", {"cell": worst}), "edges", "plan", rate=_rate(worst),
              alpha=w.accepted())
    elif state == "placebo impossible":
        w.say("FACT", "Read this first: nothing here is called validated, because all posts lie within {hours} hour: "
              "no copy in which who meets whom is broken can be told from the posts themselves.", "run",
              hours=constant("placebo_hours"))
    elif state == "too few placebos":
        w.say("FACT", "Read this first: nothing here is called validated, because a finding is measured on at least "
              "{enough} copies of its own posts in which who meets whom is broken, of each kind, and {copies} were "
              "made in all.", "placebos", "plan", enough=constant("enough_placebos"), copies=count("placebos"))
    elif state == "validated" and worst is not None:
        w.say("INFERENCE", "The pairs are validated: on copies of these posts in which who meets whom is broken, the "
              "same search found {mean} pairs on average, each counted in each behaviour, against {edges} here.",
              ("placebos", {"cell": worst}), "edges",
              mean=_mean(worst), edges=count("edges"))


def _mean(cell: str) -> Derivation:
    return end("placebos", "mean", "edges", "decimal:2", cell=cell)


def _rate(cell: str, which: str = "mean", how: str = "percent:2") -> Derivation:
    return divide(end("placebos", which, "edges", "text", cell=cell), count("edges"), how)


# ----------------------------------------------------------------------------------------------- clusters

def _noun(w: Writer, cluster: str) -> str:
    return NOUNS.get(w.tables.cell("clusters", "kind", {"cluster": cluster}), "actors")


def _cluster(w: Writer, cluster: str) -> None:
    here = {"cluster": cluster}
    noun = _noun(w, cluster)
    size = len(w.tables.where("members", here))
    if size <= MANY_NAMES:
        w.say("FACT", f"It has {{size}} members, all of them {noun}: {{names}}.", ("members", here),
              size=count("members", **here), names=every("members", "actor", **here))
    else:
        w.say("FACT", f"It has {{size}} members, all of them {noun}; the exhibit names each.", ("members", here),
              size=count("members", **here))
    w.say("FACT", "{pairs} pairs of them passed the test, on {objects} different things that they acted on.",
          ("edges", here), ("clusters", here), pairs=tuples("edges", "a,b", **here),
          objects=one("clusters", "objects", "integer", **here))
    w.say("FACT", "They acted on the same thing close together with {times} different pairs of posts.",
          ("occasions", {**here, "together": "yes"}),
          times=tuples("occasions", "post_a,post_b", **here, together="yes"))
    w.say("FACT", "Counted in each behaviour by itself, where two posts that are alike in several count in each, they "
          "acted on the same thing close together {observed} times, where {expected} times were expected of them "
          "innocently.", ("clusters", here), ("edges", here),
          observed=one("clusters", "observed", "integer", **here),
          expected=one("clusters", "expected", "decimal:2", **here))
    w.say("FACT", "Counted in the same way, and at any distance in time, they acted on {shared} things in common, "
          "where {expected} were expected of their activity, and of how often two others share such things.",
          ("edges", here),
          shared=total("edges", "shared", **here), expected=total("edges", "shared_expected", "decimal:2", **here))
    for trace in sorted(set(w.tables.cells("edges", "trace", here))):
        for window in sorted(set(w.tables.cells("edges", "window_s", {**here, "trace": trace})), key=int):
            layer = {**here, "trace": trace, "window_s": window}
            w.say("FACT", "For {pairs} of the pairs the behaviour is {trace}, and close together means at most "
                  "{window} + {resolution} apart: they met {observed} times, where {expected} were expected.",
                  ("edges", layer),
                  "run", pairs=count("edges", **layer), trace=every("edges", "trace", **layer),
                  window=end("edges", "max", "window_s", "seconds", **layer), resolution=_resolution(),
                  observed=total("edges", "observed", **layer),
                  expected=total("edges", "expected", "decimal:2", **layer))
    w.say("FACT", "The first of these meetings was on {first}, the last on {last}.", ("clusters", here),
          first=one("clusters", "first", "day", **here), last=one("clusters", "last", "day", **here))
    w.say("FACT", "The search for clusters was repeated with other random seeds: each member came out in this cluster "
          "in at least {stability} of the repetitions.", ("members", here),
          stability=one("clusters", "stability", "percent:0", **here))
    _order(w, cluster)
    _conclusion(w, cluster)


def _order(w: Writer, cluster: str) -> None:
    """Who came first and after whom, where that is no matter of chance; and what it does not mean."""
    here = {"cluster": cluster}
    for role, said in (("acts first", "came first of all more often than last"),
                       ("acts last", "came last of all more often than first"),
                       ("acts after others", "came after certain others more often than before them")):
        those = {**here, "role": role}
        if w.some("roles", **those):
            w.say("FACT", f"In time, these {said}, more often than chance and the pace of each among strangers "
                  "explain: {names}.", ("roles", those), names=every("roles", "actor", **those))
    if w.some("roles", **here, role=list(derive.ROLES[:3])):
        w.say("INFERENCE", "That is an order in time and nothing else: coming first is not leading, and following is "
              "not operating.", ("roles", here))
    else:
        w.say("FACT", "In time, nobody in it came first or last, or after another, more often than chance and the pace "
              "of each among strangers explain, in at most {sittings} sittings.", ("roles", here),
              sittings=end("roles", "max", "sittings", "integer", **here))


def _conclusion(w: Writer, cluster: str) -> None:
    here = {"cluster": cluster}
    state, _ = standing(w.tables)
    if state == "validated":
        w.say("INFERENCE", "Habit, taste, fame of the things shared and the hours of the day do not explain how often "
              "they met; this is what coordinated means here, and all that it means.", ("edges", here), "placebos")
    else:
        w.say("INFERENCE", "The test finds more meetings than habit, taste, fame of the things shared and the hours "
              "of the day explain, but its own rate of error was not shown to be small enough in these posts; so this "
              "cluster is a lead, and is not called validated.", ("edges", here), "placebos")


def _resolution() -> Derivation:
    return one("run", "value", "seconds", key="resolution_s")


# -------------------------------------------------------------------------------------------------- links

def _links(w: Writer) -> None:
    if w.run("registry_selectors") == "0":
        w.say("FACT", "No list of previously identified sources was given, so nothing could be linked.", "run")
        return
    w.say("FACT", "The lists of previously identified sources that were given hold {selectors} selectors.", "run",
          selectors=one("run", "value", "integer", key="registry_selectors"))
    w.say("FACT", "A word of likelihood below rests on prior odds of {prior} that an actor of these posts, taken at "
          "random, has a common operator with a given source.", "plan", prior=one("plan", "value", key="prior"))
    w.say("INFERENCE", "A word of likelihood takes a list at its word: were those whom it names an honest group, the "
          "word on whoever acts with them would be as wrong as the list.", "registry")
    for row in _groups(w, ("cluster", "source"), "listed"):
        _listed(w, dict(zip(("cluster", "source"), row, strict=True)))
    columns = ("cluster", "source", "word", "word_if_prior_tenth", "word_if_prior_tenfold", "bounded_by", "explanation")
    for word in reversed(derive.LADDER):
        if word in derive.NAMED:
            for row in _groups(w, columns, word):
                _likely(w, dict(zip(columns, row, strict=True)))
    for source in sorted(set(w.tables.cells("links", "source", {"named": "yes"}))):
        _quoted(w, source)
    _near_misses(w)


def _groups(w: Writer, columns: Iterable[str], word: str) -> list[tuple[str, ...]]:
    at = [w.tables.column("links", column) for column in columns]
    return sorted({tuple(row[i] for i in at) for row in w.tables.where("links", {"word": word, "named": "yes"})})


def _listed(w: Writer, group: dict[str, str]) -> None:
    """A listing is somebody's statement: quoted, with who says it and where."""
    here = {**group, "word": "listed"}
    selectors = w.tables.cells("grounds", "selectors", {**group, "indicator": "identity",
                                                        "actor": w.tables.cells("links", "actor", here)})
    receipts = sorted({receipt for cell in selectors for receipt in cell.split(";") if receipt})
    if not receipts:
        return
    rows = {"receipt": receipts}
    if not group["cluster"]:  # the registry names them, and nothing was found about them: a number is enough
        w.say("QUOTE", "{by} says, in {cites}, dated {at}, that further actors of these posts are {source}; {actors} "
              "of them are in no cluster.", ("registry", rows), ("links", here),
              by=every("registry", "identified_by", **rows), cites=every("registry", "cites", **rows),
              at=every("registry", "at", **rows), source=every("registry", "source", **rows),
              actors=count("links", **here))
        return
    w.say("QUOTE", "{by} says, in {cites}, dated {at}, that these are {source}: {actors}.", ("registry", rows),
          ("links", here), by=every("registry", "identified_by", **rows), cites=every("registry", "cites", **rows),
          at=every("registry", "at", **rows), source=every("registry", "source", **rows),
          actors=every("links", "actor", **here))


def _likely(w: Writer, group: dict[str, str]) -> None:
    here = dict(group)
    actors = w.tables.cells("links", "actor", here)
    of = {"cluster": group["cluster"], "source": group["source"], "actor": sorted(actors)}
    w.say("JUDGEMENT", "It is {word} that each of these has a common operator with the accounts that are listed as "
          "{source}: {actors}.", ("links", here), ("grounds", of), word=every("links", "word", **here),
          source=every("links", "source", **here), actors=every("links", "actor", **here))
    shift = max(abs(derive.LADDER.index(group["word"]) - derive.LADDER.index(group[key]))
                for key in ("word_if_prior_tenth", "word_if_prior_tenfold"))
    depends = ("the word depends on what was believed beforehand" if shift > 1
               else "the word hardly depends on what was believed beforehand")
    w.say("INFERENCE", "With prior odds {factor} times smaller the word would be {tenth}, with {factor} times larger "
          "{tenfold}: " + depends + ".", ("links", here), factor=constant("prior_factor"),
          tenth=every("links", "word_if_prior_tenth", **here),
          tenfold=every("links", "word_if_prior_tenfold", **here))
    for indicator in sorted(set(w.tables.cells("grounds", "indicator", of))):
        _indicator(w, {**of, "indicator": indicator})
    if group["bounded_by"]:
        w.say("FACT", "A rule holds this word down: {rule}.", ("links", here), rule=every("links", "bounded_by",
              **here))
    if group["explanation"]:
        w.say("INFERENCE", "An innocent explanation that fits: {explanation}.", ("links", here),
              explanation=every("links", "explanation", **here))
    _confidence(w, of, shift)


def _indicator(w: Writer, of: dict) -> None:
    rated = [row for row in w.tables.where("grounds", of) if row[w.tables.column("grounds", "ratio")]]
    if not rated:
        w.say("FACT", "Of these links, {links} also rest on {indicator}, which gives no likelihood ratio here and "
              "moves no word.",
              ("grounds", of), links=count("grounds", **of), indicator=every("grounds", "indicator", **of))
        return
    ratios = sorted({row[w.tables.column("grounds", "ratio")] for row in rated})
    of = {**of, "ratio": ratios}
    told = {"links": count("grounds", **of), "indicator": every("grounds", "indicator", **of),
            "least": end("grounds", "min", "ratio", "decimal:1", **of)}
    if len(ratios) == 1:
        w.say("FACT", "Of these links, {links} rest on {indicator}; its likelihood ratio, the cautious end of the "
              "interval, is {least}.", ("grounds", of), **told)
    else:
        w.say("FACT", "Of these links, {links} rest on {indicator}; its likelihood ratio, always the cautious end of "
              "the interval, lies between {least} and {most}.", ("grounds", of), **told,
              most=end("grounds", "max", "ratio", "decimal:1", **of))
    says = sorted({row[w.tables.column("grounds", "says")] for row in rated})
    for number, words in enumerate(says[:3]):
        w.say("FACT", "{indicator} means: {says}", ("grounds", of), indicator=every("grounds", "indicator", **of),
              says=every("grounds", "says", **of, says=says[number])) if words else None


def _confidence(w: Writer, of: dict, shift: int) -> None:
    """The quality of the basis: kinds of indicator, how the ratio was measured, and whether the prior decides."""
    at = {name: w.tables.column("grounds", name) for name in ("actor", "indicator", "ratio", "same_of", "counts")}
    rated = [row for row in w.tables.where("grounds", of) if _speaks(row[at["ratio"]], row[at["counts"]])]
    kinds = min((len({row[at["indicator"]] for row in rated if row[at["actor"]] == actor}) for actor in of["actor"]),
                default=0)
    basis = min((int(row[at["same_of"]] or 0) for row in rated), default=0)
    state, _ = standing(w.tables)
    if kinds >= 3 and basis >= 30 and shift <= 1 and state == "validated":
        word, why = "high", "several kinds of indicator agree, and their ratios were measured on many known cases"
    elif kinds >= 2 and basis >= 10 and shift <= 1:
        word, why = "moderate", "at least two kinds of indicator agree, and their ratios were measured here"
    else:
        word, why = "low", "the basis is narrow, or the prior decides"
    w.say("JUDGEMENT", f"Confidence in the basis of this judgement is {word}: {why}.", ("grounds", of))


def _speaks(rate: str, told: str) -> bool:
    """Whether a ground speaks for its link, as the ladder has it: measured, above one, and not plainly of one way."""
    if not rate:
        return False
    counts = {name: int(value) for name, _, value in (part.partition("=") for part in told.split(";") if part)}
    return attribution.counts_as_class(Ground("", "", float(rate), counts, None, None))


def _quoted(w: Writer, source: str) -> None:
    """What the registry itself claims about a source that is named above; always in its own words."""
    seen = set()
    for row in w.tables.where("registry", {"source": source}):
        by, at, cites = (row[w.tables.column("registry", name)] for name in ("identified_by", "at", "cites"))
        if (by, at, cites) in seen or not cites:
            continue
        seen.add((by, at, cites))
        rows = {"source": source, "identified_by": by, "at": at, "cites": cites}
        w.say("QUOTE", "{by} says, in {cites}, dated {at}, that it identified {source}.", ("registry", rows),
              by=every("registry", "identified_by", **rows), cites=every("registry", "cites", **rows),
              at=every("registry", "at", **rows), source=every("registry", "source", **rows))


def _near_misses(w: Writer) -> None:
    if not w.some("links", named="no"):
        return
    w.say("FACT", "{links} further comparisons of an actor and a source stayed below likely; nobody is named for them.",
          ("links", {"named": "no"}), links=count("links", named="no"))
    for explanation in sorted(set(w.tables.cells("links", "explanation", {"named": "no"})) - {""}):
        here = {"named": "no", "explanation": explanation}
        w.say("INFERENCE", "In {links} of these comparisons an innocent explanation fits: {explanation}.", ("links",
              here),
              links=count("links", **here), explanation=every("links", "explanation", **here))


# -------------------------------------------------------------------------------------------------- chance

def _chance(w: Writer) -> None:
    w.say("FACT", "The question for each pair is: given what these two acted on, how often would they do so close "
          "together by their own habits? A habit is told twice, over everything an actor does and over what its own "
          "audience takes up (or only others do); whichever explains more counts. An audience are those who share "
          "much the same things; a group that does nearly all of it together is none. The sum of these chances is "
          "what is expected.", "plan", "occasions")
    w.say("FACT", "The plan accepts {alpha} of false pairs; the correction counts {tests} pairs and behaviours, seen "
          "or not.", "plan", "run", alpha=w.accepted(),
          tests=one("run", "value", "integer", key="tests"))
    w.say("FACT", "Of these, {candidates} met often enough to be tested. That two have much in common lowers the p of "
          "their meetings only as far as few others have as much in common and meet by chance; for each pair, alike "
          "is an estimate of how many these are, the pair itself included.", "run", "edges",
          candidates=one("run", "value", "integer", key="candidates"))
    if w.some("edges"):
        w.say("FACT", "Where pairs passed, all were tested once more with those pairs in nobody's habits: what is "
              "expected leaves out how often those who were found meet each other.", "edges", "occasions")
    if w.some("plan", key="look"):
        w.say("FACT", "This is look {look} at posts that go on arriving. All looks together may accept {alpha} of "
              "false pairs, however many there are; what this one accepts is its share of that.", "plan",
              look=one("plan", "value", "integer", key="look"),
              alpha=one("plan", "value", "percent:1", key="alpha_of_looks"))
    for cell in w.ids("placebos", "cell"):
        here = {"cell": cell}
        w.say("FACT", "Copies of these posts made with kind {cell}, in which times, activity and fame stay and who "
              "meets whom is broken: {copies}. The same search found {mean} pairs in them on average, against {edges} "
              "here.", ("placebos", here), "edges", copies=count("placebos", **here),
              cell=every("placebos", "cell", **here), mean=_mean(cell), edges=count("edges"))
        if w.some("edges"):
            w.say("FACT", "The measured false discovery rate of kind {cell} is {rate} ({interval} % interval over the "
                  "copies: {low} to {high}).", ("placebos", here), "edges", cell=every("placebos", "cell", **here),
                  rate=_rate(cell), interval=constant("interval"), low=_rate(cell, "mean_low"),
                  high=_rate(cell, "mean_high"))
        else:
            w.say("FACT", "As nothing was found, the false discovery rate is undefined.", ("placebos", here), "edges")
        w.say("FACT", "The usual rule, within a minute and twice, finds {naive} pairs on average on the same copies"
              + (", against {found} in these posts." if w.run("naive_edges") else "."), ("placebos", here), "run",
              naive=end("placebos", "mean", "naive_edges", "decimal:1", **here),
              **({"found": one("run", "value", "integer", key="naive_edges")} if w.run("naive_edges") else {}))
    if not w.some("placebos"):
        w.say("FACT", "No copy was made, so the rate of error of this search in these posts is unknown.", "placebos")


# ------------------------------------------------------------------------------------------ reading and limits

def _read(w: Writer) -> None:
    for name, sha256 in sorted({(row[0], row[1]) for row in w.tables.rows("inputs")}):
        here = {"name": name, "sha256": sha256}
        w.say("FACT", "The file {name} (digest {sha}) was read as {format}: {records} records, {posts} posts.",
              ("inputs", here), name=every("inputs", "name", **here), sha=every("inputs", "sha256", **here),
              format=every("inputs", "format", **here), records=total("inputs", "records", **here),
              posts=total("inputs", "posts", **here))
        w.say("FACT", "Its times are read as {zone}, and known to {resolution}.", ("inputs", here),
              zone=every("inputs", "zone", **here),
              resolution=end("inputs", "max", "resolution_s", "seconds", **here))
    w.say("FACT", "{rejected} records were present and wrong, and kept out.", "rejects",
          rejected=total("rejects", "records"))
    for trace in w.ids("traces", "trace"):
        here = {"trace": trace}
        w.say("FACT", "The behaviour {trace}: {method}", ("traces", here), trace=one("traces", "trace", **here),
              method=one("traces", "method", **here))
        if w.tables.cell("traces", "off", here):
            w.say("FACT", "It was not looked for: {off}.", ("traces", here), off=one("traces", "off", **here))
        else:
            w.say("FACT", "It gave {actions} actions of {actors} actors on {objects} things; {without} posts did not "
                  "have what it needs, and {aside} things were set aside as common property.", ("traces", here),
                  actions=one("traces", "actions", "integer", **here),
                  actors=one("traces", "actors", "integer", **here),
                  objects=one("traces", "objects", "integer", **here),
                  without=one("traces", "posts_without", "integer", **here),
                  aside=one("traces", "set_aside", "integer", **here))
        if w.some("common_property", **here):
            w.say("FACT", "On the busiest of these things {busiest} actors acted inside {window}; the plan takes more "
                  "than {limit} for common property. What anybody did on them counts nowhere, and each is listed with "
                  "its actors.", ("common_property", here), ("plan", {"key": "common_property"}),
                  busiest=end("common_property", "max", "busiest", "integer", **here),
                  window=end("common_property", "max", "window_s", "seconds", **here),
                  limit=one("plan", "value", "integer", key="common_property"))
    for number in sorted(w.ids("notes", "note"), key=int):
        w.say("FACT", "Note: {text}", ("notes", {"note": number}), text=one("notes", "text", note=number))


def _withheld(w: Writer) -> None:
    w.say("FACT", "Accounts outside the findings are masked: {accounts} of them by number, and {mentions} mentions, "
          "addresses and numbers in texts and links.", "run", accounts=one("run", "value", "integer",
          key="masked_accounts"),
          mentions=one("run", "value", "integer", key="masked_mentions"))
    if w.run("pseudonyms") == "yes":
        w.say("FACT", "All ids, names and handles are keyed hashes; whoever holds the key can tell which account is "
              "which. Words of posts remain, and a search for them may lead to their authors.", "run")
    w.say("FACT", "Posts that no finding rests on are not in this dossier; whoever has the files named above can "
          "compute everything again from them.", "inputs")
    _decided(w)
    if w.run("forgotten") != "0":
        w.say("FACT", "Actors whose posts were taken out before the search, because they were to be forgotten: "
              "{forgotten}. The files named above may still hold them, and would then give another finding.", "run",
              "inputs", forgotten=one("run", "value", "integer", key="forgotten"))
    w.say("FACT", "Nobody named here has been asked, and no reply is included: replies and denials belong into this "
          "in full before anything is published.", "members")


def _decided(w: Writer) -> None:
    """What persons decided, in their own words; who was taken out is not named again."""
    if w.some("members"):
        members = sorted(set(w.tables.cells("members", "actor")))
        w.say("FACT", "A name is published only after a decision of a person: of {members} members, {decided} have "
              "one.", "members", "decisions", members=distinct("members", "actor"),
              decided=count("decisions", source="", actor=members))
    columns = ("source", "verdict", "by", "at", "because")
    at = [w.tables.column("decisions", column) for column in columns]
    for row in sorted({tuple(row[i] for i in at) for row in w.tables.rows("decisions")}):
        _decision(w, dict(zip(columns, row, strict=True)))
    if w.some("taken_out"):
        w.say("FACT", "With those who were taken out, {edges} pairs went, and clusters, links and sentences were made "
              "again without them. Chance was not computed again: the others keep the figures of the whole search, "
              "and the copies in which who meets whom is broken are counted against those who are left.",
              "taken_out", "decisions", edges=total("taken_out", "edges"))


def _decision(w: Writer, here: dict[str, str]) -> None:
    told = {name: every("decisions", name, **here) for name in ("by", "because")}
    told["at"] = every("decisions", "at", **here)
    actors = w.tables.cells("decisions", "actor", here)
    named = sorted(actor for actor in actors if not actor.startswith("sha256:"))
    if here["source"]:  # nobody stands beside a source for a link that was rejected, is open, or is below likely
        named = [actor for actor in named if here["verdict"] == "same"
                 and w.some("links", actor=actor, source=here["source"], named="yes")]
    who = {"actors": every("decisions", "actor", **here, actor=named)} if named else {
        "actors": count("decisions", **here)}
    if here["source"]:
        source = every("decisions", "source", **here)
        whose = "of {actors}" if named else "of actors who are not named here ({actors})"
        w.say("QUOTE", f"{{by}}, on {{at}}, about the link {whose} to {{source}}: {{verdict}}. The reason given: "
              "{because}", ("decisions", here), source=source, verdict=every("decisions", "verdict", **here),
              **who, **told)
    elif here["verdict"] == "different":
        w.say("QUOTE", "{by}, on {at}: {actors} actors do not belong to what was found, and are taken out. The reason "
              "given: {because}", ("decisions", here), actors=count("decisions", **here), **told)
    elif named:
        said = "belongs to what was found" if here["verdict"] == "same" else "cannot be decided"
        w.say("QUOTE", f"{{by}}, on {{at}}, about each of these: {said}. They are {{actors}}. The reason given: "
              "{because}", ("decisions", here), **who, **told)
    else:
        w.say("QUOTE", "{by}, on {at}, decided about {actors} actors that nothing is found about here. The reason "
              "given: {because}", ("decisions", here), **who, **told)


def _limits(w: Writer) -> None:
    w.say("INFERENCE", "This would be wrong if the files were incomplete, altered, or collected by following the very "
          "accounts that were found: who is not in the files cannot explain a meeting.", "inputs")
    w.say("INFERENCE", "It would be wrong if the actors share a source or a timetable that these posts do not show; "
          "chance here knows habits, hours and taste, and no hidden common cause.", "plan")
    w.say("INFERENCE", "It can be wrong about people who answer the same few sources at once. Where a platform has "
          "many small communities, their tastes are not told apart, and in worlds made up to test this the method "
          "named some such people more often than the plan accepts.", "plan")
    w.say("INFERENCE", "The copies in which who meets whom is broken also break some innocent reasons to meet, such "
          "as fans who react to the same alert; so the measured rate of error can be too small.", "placebos")
    w.say("INFERENCE", "Groups that act together more slowly than the widest window, only in public bursts, only at "
          "one fixed hour, or fewer times than the plan asks for leave nothing that this test can see.", "plan")
    w.say("INFERENCE", "A link is no better than the list it leads to: if the list is wrong, so is the link.",
          "registry")
    w.say("INFERENCE", "What would change our mind: an open common membership, a feed or tool that explains the "
          "times, or posts that are missing from the files.", "inputs")
    told = _smallest(w)
    for members in sorted(set(w.tables.cells("plantings", "members")), key=int):
        _plantings(w, members, told)


def _smallest(w: Writer) -> dict[str, str]:
    """What would have been found: an empty result is worth as much as this sentence. Gives the row that it told."""
    best = derive.smallest_planting([_planted(row) for row in w.tables.rows("plantings")])
    if best is None:
        w.say("FACT", "No planted ring of the sizes that were tried came back in {found} of {of} plantings, so this "
              "search cannot say what it would have found.", "plantings", found=constant("plantings_found"),
              of=constant("plantings_of"))
        return {}
    here = dict(zip(("members", "objects", "jitter_s"), map(str, best[:3]), strict=True))
    w.say("FACT", "What would have been found: the smallest ring that came back at least {found} times in {of}, each "
          "planted alone into these very posts, has {members} members, {objects} shared things, and times spread by "
          "up to {jitter}.", ("plantings", here), found=constant("plantings_found"), of=constant("plantings_of"),
          members=end("plantings", "max", "members", "integer", **here),
          objects=end("plantings", "max", "objects", "integer", **here),
          jitter=end("plantings", "max", "jitter_s", "seconds", **here))
    return here


def _plantings(w: Writer, members: str, told: Mapping[str, str]) -> None:
    """One sentence a size of ring: what each jitter needs, or that nothing which was tried is enough."""
    parts: list[str] = []
    numbers: dict[str, Derivation] = {}
    for row in sorted(w.tables.where("plantings", {"members": members}), key=lambda row: int(row[2])):
        here = dict(zip(("members", "objects", "jitter_s"), row, strict=False))
        if here == told:
            continue
        n = "abcdefghijklmnopqrstuvwxyz"[len(parts)]  # placeholders are of letters: a digit would be a number in prose
        enough = derive.smallest_planting([_planted(row)]) is not None
        parts.append(("" if enough else "more than ") + f"{{things_{n}}} things where their times are spread by up to "
                     f"{{jitter_{n}}} (with these {{back_{n}}} of {{of_{n}}} came back)")
        numbers |= {f"things_{n}": end("plantings", "max", "objects", "integer", **here),
                    f"jitter_{n}": end("plantings", "max", "jitter_s", "seconds", **here),
                    f"back_{n}": total("plantings", "recovered", **here),
                    f"of_{n}": total("plantings", "planted", **here)}
    if parts:
        of_size = {"members": members}
        w.say("FACT", "Planted in the same way into {trace}, rings of {members} members have to share "
              + "; ".join(parts) + ".", ("plantings", of_size), trace=every("plantings", "trace", **of_size),
              members=end("plantings", "max", "members", "integer", **of_size), **numbers)


def _planted(row: Sequence[str]) -> tuple[int, int, int, int, int]:
    members, objects, jitter_s, planted, recovered = map(int, row[:5])
    return members, objects, jitter_s, planted, recovered


def _not_claimed(w: Writer) -> None:
    w.say("FACT", "No intent is claimed, no order or direction by anybody, no payment and no knowledge of each other.",
          "plan")
    w.say("FACT", "No natural person is identified, and no account is claimed to belong to one.", "plan")
    w.say("FACT", "No effect and no reach is claimed: how many people saw or believed any of this was not examined, "
          "and it is put into no category of impact.", "plan")
    w.say("FACT", "Nothing is claimed about the truth of what was posted.", "posts")
    w.say("FACT", "What a list says about a source is quoted, not claimed.", "registry")


def _check(w: Writer) -> None:
    w.say("FACT", "Anybody can check this with the dossier alone: cotrace verify recomputes every number above from "
          "the rows in it.", "plan", "run")
    w.say("FACT", "With the files named above, cotrace verify --posts computes the whole finding again, with plan, "
          "seed and versions as they are printed here.", "inputs", "plan")


_WRITERS = {"summary": _summary, "links": _links, "benign": _judged.benign,
            "inauthentic": _judged.inauthentic, "chance": _chance,
            "read": _read, "withheld": _withheld, "limits": _limits, "not_claimed": _not_claimed, "check": _check}
