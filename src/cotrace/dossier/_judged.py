"""Evidence → the sentences of the second verdict: what else would explain a cluster, and whether it is inauthentic.

It never says "authentic" of anybody. What is not shown is said to be not shown; what cannot be judged says why.
"""

from ._writer import Derivation, Writer, constant, count, distinct, every, one

MODERATE, HIGH = 2, 3  # columns on which signs were seen that no explanation accounts for


def benign(w: Writer) -> None:
    """Each cluster with every explanation that was tested: what speaks for it and against it."""
    for cluster in w.ids("clusters", "cluster"):
        _what_chance_leaves(w, {"cluster": cluster})
        _explanations(w, cluster)
    w.say("FACT", "Habits of speed, hours of the day, shared taste and the fame of what was shared are part of what "
          "chance may do; moments at which a great many act on one thing at once are left out.", "plan", "occasions")
    w.say("FACT", "Two actions of one post were never compared, and two places were never paired by what one account "
          "did in both.", "plan")
    w.say("FACT", "What accounts say of themselves is read in the languages whose words the method knows; a "
          "declaration in another language goes unseen, so an explanation that does not fit here is not ruled out.",
          "explanations")
    w.say("FACT", "Not tested: whether they copy a common source that is not among these posts, such as a mailing "
          "list, a wire service or an app with a share button.", "plan")


def _what_chance_leaves(w: Writer, here: dict[str, str]) -> None:
    w.say("FACT", "Cluster {cluster}, everybody shares it at once: {likely} of its {meetings} meetings were at least "
          "as probable as not without any coordination.", ("clusters", here), ("occasions", here),
          cluster=every("clusters", "cluster", **here), likely=one("clusters", "likely_meetings", "integer", **here),
          meetings=one("clusters", "meetings", "integer", **here))
    w.say("FACT", "Cluster {cluster}, one reads the other: in {sided} of its {edges} pairs the same side came first "
          "each time, which is also what a reader or an amplifier leaves behind.", ("clusters", here), ("edges", here),
          cluster=every("clusters", "cluster", **here), sided=one("clusters", "one_sided", "integer", **here),
          edges=one("clusters", "edges", "integer", **here))
    w.say("FACT", "Cluster {cluster}, a common timetable: its meetings fall on {days} days and in {hours} of the {day} "
          "hours of the day.", ("clusters", here), cluster=every("clusters", "cluster", **here),
          days=one("clusters", "days", "integer", **here), hours=one("clusters", "hours", "integer", **here),
          day=constant("hours_of_a_day"))


def _explanations(w: Writer, cluster: str) -> None:
    """One sentence each where anything speaks for it; the others together by name."""
    here = {"cluster": cluster}
    rows = w.tables.where("explanations", here)
    told = {row[1]: (row[11], row[7] != "0") for row in rows}
    for name in sorted(told, key=lambda name: (told[name][0] != "fits", name)):
        if told[name][0] == "fits" or told[name][1]:
            _explanation(w, {**here, "explanation": name})
    for fits, text in (("does not fit", "Nothing at all speaks for these other explanations of cluster {cluster}: "
                        "{names}."),
                       ("cannot be judged", "For these explanations of cluster {cluster} nothing is known that could "
                        "speak for them, so they cannot be judged: {names}.")):
        these = {**here, "fits": fits, "for_seen": "0"}
        if w.some("explanations", **these):
            w.say("FACT", text, ("explanations", these), cluster=every("clusters", "cluster", **here),
                  names=every("explanations", "explanation", **these))


def _explanation(w: Writer, here: dict[str, str]) -> None:
    against = w.tables.cell("explanations", "against_of", here) != "0"
    numbers: dict[str, Derivation] = {
        "cluster": every("explanations", "cluster", **here), "says": one("explanations", "says", **here),
        "for_seen": one("explanations", "for_seen", "integer", **here),
        "for_of": one("explanations", "for_of", "integer", **here), "pro": one("explanations", "pro", **here),
        "fits": one("explanations", "fits", **here)}
    text = "Cluster {cluster}. {says} For it speak {for_seen} of {for_of} {pro}"
    if against:
        text += "; against it {against_seen} of {against_of} {contra}"
        numbers |= {"against_seen": one("explanations", "against_seen", "integer", **here),
                    "against_of": one("explanations", "against_of", "integer", **here),
                    "contra": one("explanations", "contra", **here)}
    w.say("INFERENCE", text + ". By the rule of the method it {fits}.", ("explanations", here), **numbers)


# --------------------------------------------------------------------------------------------- inauthentic

def summary(w: Writer) -> None:
    """How many clusters got which verdict."""
    for word in sorted(set(w.tables.cells("verdicts", "word")), key=lambda word: (word != "inauthentic", word)):
        w.say("FACT", "Whether those who act together are what they seem is a question apart. The answer on {clusters} "
              "of the clusters: {word}.", ("verdicts", {"word": word}), clusters=count("verdicts", word=word),
              word=every("verdicts", "word", word=word))


def inauthentic(w: Writer) -> None:
    """Each cluster's verdict, the signs that were seen, and what the verdict would be without each."""
    w.say("FACT", "This verdict is apart from the other one: who acts together may be who they say they are. It needs "
          "signs which no explanation that fits accounts for, on two different columns, one of them of the profile and "
          "not shown to every reader as slogans and badges are, or on three; each sign compares the members with the "
          "other actors of these very posts.", "signs", "plan")
    w.say("FACT", "Nobody is ever found authentic by this method: where nothing is shown, that is all that is said.",
          "verdicts")
    if not w.some("clusters"):
        w.say("FACT", "There is no cluster, so there is nothing to judge.", "clusters")
    for cluster in w.ids("verdicts", "cluster"):
        _verdict(w, cluster, w.tables.cell("verdicts", "word", {"cluster": cluster}))
    w.say("FACT", "A share of {alpha} of the signs seen is accepted to be false, over all signs of all clusters that "
          "could be judged.", "signs", "plan", alpha=w.accepted())


def _verdict(w: Writer, cluster: str, word: str) -> None:
    here = {"cluster": cluster}
    numbers = {"cluster": every("verdicts", "cluster", **here), "word": one("verdicts", "word", **here)}
    if word == "inauthentic":
        w.say("JUDGEMENT", "Cluster {cluster} is judged {word}, as a whole: signs on several columns were seen that no "
              "explanation which fits accounts for.", ("verdicts", here), ("signs", here), **numbers)
        _bare(w, here)
    elif word == "not shown to be inauthentic":
        w.say("JUDGEMENT", "Cluster {cluster} is {word}.", ("verdicts", here), ("signs", here), **numbers)
    else:
        w.say("JUDGEMENT", "Whether cluster {cluster} is what it seems {word}.", ("verdicts", here), ("signs", here),
              **numbers)
    for sign in sorted(w.tables.cells("signs", "sign", {**here, "state": "seen"})):
        _sign(w, {**here, "sign": sign})
        w.say("FACT", "Without this sign the verdict on cluster {cluster} would be: {word}.",
              ("without", {**here, "without": sign}), cluster=every("verdicts", "cluster", **here),
              word=one("without", "word", **here, without=sign))
    fit = {**here, "fits": "fits"}
    if w.tables.cell("verdicts", "bounded_by", here):
        w.say("FACT", "Had no benign explanation been counted, the verdict on cluster {cluster} would be: {word}. "
              "These fit and account for signs: {names}.", ("verdicts", here), ("explanations", fit),
              cluster=every("verdicts", "cluster", **here), word=one("verdicts", "without_explanations", **here),
              names=every("explanations", "explanation", **fit))
    _looked_for(w, here)
    if word == "inauthentic":
        _confidence(w, here)


def _bare(w: Writer, here: dict[str, str]) -> None:
    """Members that show none of the signs: the judgement is not about them."""
    seen = sorted(w.tables.cells("signs", "sign", {**here, "state": "seen"}))
    none: Derivation = {"calc": "subtract", "as": "integer",
                        "with": [count("members", **here), distinct("bearers", "actor", **here, sign=seen)]}
    w.say("FACT", "Of the {size} members of cluster {cluster}, {none} show none of these signs, and the judgement says "
          "nothing about them; the evidence names who shows which.", ("members", here), ("bearers", here),
          size=count("members", **here), none=none, cluster=every("verdicts", "cluster", **here))


def _sign(w: Writer, here: dict[str, str]) -> None:
    numbers: dict[str, Derivation] = {name: one("signs", name, "integer", **here)
                                      for name in ("seen", "of", "others_seen", "others_of")}
    text = ("Cluster {cluster}, sign {sign}: {says} It is seen in {seen} of {of} members of whom it is known, and in "
            "{others_seen} of {others_of} others")
    if w.tables.cell("signs", "audience_of", here) != "0":
        text += "; of those others who took up the same things, in {audience_seen} of {audience_of}"
        numbers |= {name: one("signs", name, "integer", **here) for name in ("audience_seen", "audience_of")}
    w.say("FACT", text + ". Its q is {q}.", ("signs", here), ("bearers", here),
          cluster=every("signs", "cluster", **here), sign=one("signs", "sign", **here),
          says=one("signs", "says", **here), q=one("signs", "q", "decimal:4", **here), **numbers)


def _looked_for(w: Writer, here: dict[str, str]) -> None:
    """Signs that were looked for and not seen, and those of which too little is known."""
    for state, text in (("not seen", "Looked for in cluster {cluster} and not seen: {names}."),
                        ("cannot be judged",
                         "Too little is known to judge these signs in cluster {cluster}: {names}.")):
        if w.some("signs", **here, state=state):
            w.say("FACT", text, ("signs", {**here, "state": state}), cluster=every("verdicts", "cluster", **here),
                  names=every("signs", "sign", **here, state=state))


def _confidence(w: Writer, here: dict[str, str]) -> None:
    """How broad the basis is: on how many columns, and whether one sign less would change the verdict."""
    columns = len(set(w.tables.cells("signs", "column", {**here, "state": "seen"})))
    holds = set(w.tables.cells("without", "word", here)) == {"inauthentic"}
    if columns >= HIGH and holds:
        word, why = "high", "the signs are of several kinds, and the verdict stands without any single one"
    elif columns >= MODERATE and holds:
        word, why = "moderate", "the verdict stands without any single sign"
    else:
        word, why = "low", "without a single sign the verdict would be another one"
    w.say("JUDGEMENT", f"Confidence in the basis of this judgement is {word}: {why}.", ("signs", here),
          ("without", here))
