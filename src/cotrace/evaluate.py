"""How good is a finding where the truth is known? Labels beside published members, counted, with intervals.

It reads what a dossier publishes and a table of labels that the search never saw. It tunes nothing, and it drops
nothing: accounts that only one side knows are counted and shown.
"""

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import polars as pl

from . import digest
from .case import Case
from .errors import InputError, VerificationError

INTERVAL = 0.95
INAUTHENTIC = "inauthentic"
LINKED = ("likely", "very likely", "almost certain")  # words from which a link is claimed; below is a near miss
FIGURES = {"figure": pl.String, "value": pl.Float64, "low": pl.Float64, "high": pl.Float64, "count": pl.Int64,
           "of": pl.Int64}


@dataclass(frozen=True)
class Evaluation:
    """Figures with counts and exact 95 % intervals; what is undefined (nothing published, nothing labelled) is null.

    overall: figure, value, low, high (0–1), count, of. Precision counts labelled members alone; recall counts
        positive labels of accounts that are in the data. F1 has no interval.
    clusters: cluster, size, labelled, positive, purity, low, high: the share of its labelled members that is positive;
        verdict, wrongly: called inauthentic although less than half of its labelled members, or none, are positive.
    groups: group, label, accounts, found, missed, listed, linked, near_miss, sources, inauthentic: one row a group of
        the labels; the last counts its members of clusters that are called inauthentic.
        `linked` counts actors linked "likely" or above, `listed` those that a registry names itself, `near_miss` the
        others with a link; `sources` are those of the first two, joined by ;.
    counts: accounts that only one side knows, and other sums; `labels_not_in_data` is null where the data are unknown.
    """

    overall: pl.DataFrame
    clusters: pl.DataFrame
    groups: pl.DataFrame
    counts: dict[str, int | None]


def evaluate(members: pl.DataFrame, labels: pl.DataFrame | str | Path, *, positive: str,
             columns: Mapping[str, str] | None = None, links: pl.DataFrame | None = None,
             verdicts: pl.DataFrame | None = None, actors: Iterable[str] | None = None) -> Evaluation:
    """Compare published members with labels.

    Args:
        members: cluster, actor: one row a published member.
        labels: a table or CSV with an account (`platform:id`, or the id alone) and a label; a column `group` is used
            where there is one.
        positive: the label that a member should have.
        columns: ours=theirs for `account` and `label`; by default account is read from account_id, account or actor.
        links: actor, source, word: links to sources.
        verdicts: cluster, word: of each cluster; None: the second verdict is not evaluated.
        actors: everybody in the data; None: not known, and recall then counts all positive labels.

    Raises:
        InputError: a column is missing, no label is `positive`, an account has two labels, or an id fits two actors.
    """
    said = _labels(labels, dict(columns or {}))
    if positive not in said["label"].to_list():
        raise InputError(f"No account is labelled {positive!r}.\nThe labels are: "
                         f"{', '.join(map(repr, sorted(set(said['label'].to_list()))))}.")
    published = set(members["actor"].to_list())
    known = published | set(actors or ())
    label_of, group_of = _known(said, known, all_known=actors is not None)
    missing = said.height - len(label_of) if actors is not None else None
    right = sum(label_of.get(actor) == positive for actor in published)
    labelled = sum(actor in label_of for actor in published)
    wanted = sum(label == positive for label in label_of.values())
    counts = {"published": len(published), "published_labelled": labelled,
              "published_without_label": len(published) - labelled, "labels": said.height,
              "labels_not_in_data": missing,
              "data_without_label": None if actors is None else len(known - label_of.keys())}
    words = dict(verdicts.select("cluster", "word").iter_rows()) if verdicts is not None else {}
    clusters = _clusters(members, label_of, positive, words)
    called = {actor for cluster, actor in members.select("cluster", "actor").iter_rows()
              if words.get(cluster) == INAUTHENTIC}
    if verdicts is not None:
        counts |= {"clusters_called_inauthentic": sum(word == INAUTHENTIC for word in words.values()),
                   "clusters_wrongly_called_inauthentic": int(clusters["wrongly"].sum()),
                   "positive_published": right,
                   "positive_called_inauthentic": sum(label_of.get(actor) == positive for actor in called)}
    return Evaluation(_overall(right, labelled, wanted), clusters,
                      _groups(published, label_of, group_of, links, called), counts)


def of_case(folder: str | Path, labels: pl.DataFrame | str | Path, *, positive: str,
            columns: Mapping[str, str] | None = None) -> Evaluation:
    """Evaluate the newest run of a case, or a dossier.

    Raises:
        InputError: there is no dossier, or its ids are pseudonyms, which no label fits.
    """
    folder = Path(folder)
    path = folder / "dossier.zip" if folder.is_dir() else folder
    if not path.is_file():
        raise InputError(f"{folder} holds no dossier yet.\nMake one:  cotrace run POSTS --case {folder}")
    try:
        files = digest.unarchive(path.read_bytes())
        if "withheld.json" in files:
            raise InputError("Somebody was forgotten in this dossier, and what is left of it is no finding.\n"
                             "Make one without them:  cotrace run POSTS --case DIR")
        tables = {name: _table(files, name) for name in ("members", "links", "inputs", "verdicts")}
    except VerificationError as fault:
        raise InputError(f"{path} cannot be read: {fault}\nSee:  cotrace verify {path}") from None
    actors = _actors(folder, set(tables["inputs"]["sha256"].to_list())) if (folder / "case.json").is_file() else None
    published = set(tables["members"]["actor"].to_list())
    if actors is not None and not published <= actors:
        raise InputError("The ids in this dossier are pseudonyms, and labels name accounts.\n"
                         "Evaluate a run without  --pseudonyms.")
    return evaluate(tables["members"], labels, positive=positive, columns=columns, links=tables["links"],
                    verdicts=tables["verdicts"], actors=actors)


def _table(files: Mapping[str, bytes], name: str) -> pl.DataFrame:
    place = f"evidence/{name}.csv"
    if place not in files:
        raise VerificationError(f"it holds no {place}.")
    header, rows = digest.parse_csv(files[place], place)
    return pl.DataFrame(rows, schema=dict.fromkeys(header, pl.String), orient="row")


def _actors(folder: Path, inputs: set[str]) -> set[str] | None:
    """Everybody in the posts that a run read, from the step of the case that read them; None where it is not kept."""
    case = Case(folder)
    for fact in reversed(case.facts):
        if fact["kind"] == "step" and fact["name"] == "read":
            kept = json.loads(case.get(fact["blob"]))
            if {file["sha256"] for file in kept["plain"]["inputs"]} == inputs:
                return set(pl.read_parquet(BytesIO(case.get(kept["frames"]["actors"])), columns=["actor"])["actor"])
    return None


# ----------------------------------------------------------------------------------------------- labels

def _labels(labels: pl.DataFrame | str | Path, columns: dict[str, str]) -> pl.DataFrame:
    """account, label, group (null where the table has none): one row an account."""
    if isinstance(labels, str | Path):
        try:
            frame = pl.read_csv(labels, infer_schema=False)
        except (OSError, pl.exceptions.PolarsError) as fault:
            raise InputError(f"The labels {labels} cannot be read as CSV: {str(fault).splitlines()[0]}.\n"
                             "Labels are a table of two columns at least: account_id, label.") from None
    else:
        frame = labels
    if unknown := columns.keys() - {"account", "label", "group"}:
        raise InputError(f"Labels have no column for {', '.join(sorted(unknown))}.\n"
                         "There are: account, label, group; for example  --column account=user_id")
    guesses = {"account": ("account_id", "account", "actor"), "label": ("label",), "group": ("group",)}
    chosen = {ours: columns.get(ours) or next((name for name in names if name in frame.columns), None)
              for ours, names in guesses.items()}
    for ours in ("account", "label", *columns):
        if chosen[ours] not in frame.columns:
            raise InputError(f"The labels have no column for {ours}.\nThey have: {', '.join(frame.columns)}.\n"
                             f"Say which:  --column {ours}=THEIRS")
    said = frame.select(account=pl.col(chosen["account"] or "").cast(pl.String),
                        label=pl.col(chosen["label"] or "").cast(pl.String),
                        group=pl.col(chosen["group"]).cast(pl.String) if chosen["group"] else pl.lit(None, pl.String))
    said = said.drop_nulls(["account", "label"]).unique().sort("account", "label")
    if twice := said.filter(pl.col("account").is_duplicated())["account"].unique().sort().to_list():
        raise InputError(f"{len(twice)} account(s) have more than one label, {twice[0]} among them.\n"
                         "Leave one row for each.")
    return said


def _known(said: pl.DataFrame, known: set[str], *, all_known: bool) -> tuple[dict[str, str], dict[str, str]]:
    """Label and group by actor. An account is named whole, or by its id alone where that fits one actor."""
    by_id: dict[str, list[str]] = {}
    for actor in sorted(known):
        by_id.setdefault(actor.partition(":")[2], []).append(actor)
    label_of: dict[str, str] = {}
    group_of: dict[str, str] = {}
    for account, label, group in said.rows():
        fits = [account] if account in known else by_id.get(account, [])
        if len(fits) > 1:
            raise InputError(f"The label of {account} fits {' and '.join(fits)}.\nWrite the platform before the id.")
        actor = fits[0] if fits else account
        if fits or not all_known:
            if label_of.setdefault(actor, label) != label:
                raise InputError(f"{actor} has two labels, with and without its platform.\nLeave one row for each.")
            group_of[actor] = group or label
    return label_of, group_of


# ---------------------------------------------------------------------------------------------- figures

def interval(count: int, of: int) -> tuple[float | None, float | None]:
    """Exact binomial 95 % interval of a share; nothing where there is nothing to count.

    Source: Clopper & Pearson 1934, doi:10.1093/biomet/26.4.404
    """
    from scipy.stats import beta

    if of == 0:
        return None, None
    tail = (1 - INTERVAL) / 2
    low = float(beta.ppf(tail, count, of - count + 1)) if count else 0.0
    high = float(beta.ppf(1 - tail, count + 1, of - count)) if count < of else 1.0
    return low, high


def _share(count: int, of: int) -> float | None:
    return count / of if of else None


def _overall(right: int, labelled: int, wanted: int) -> pl.DataFrame:
    rows = [("precision", _share(right, labelled), *interval(right, labelled), right, labelled),
            ("recall", _share(right, wanted), *interval(right, wanted), right, wanted),
            ("F1", _share(2 * right, labelled + wanted), None, None, 2 * right, labelled + wanted)]
    return pl.DataFrame(rows, schema=FIGURES, orient="row")


def _clusters(members: pl.DataFrame, label_of: Mapping[str, str], positive: str, words: Mapping[str, str],
              ) -> pl.DataFrame:
    rows = []
    for cluster in sorted(set(members["cluster"].to_list())):
        actors = members.filter(pl.col("cluster") == cluster)["actor"].to_list()
        known = [label_of[actor] for actor in actors if actor in label_of]
        right = known.count(positive)
        word = words.get(cluster)
        rows.append((cluster, len(actors), len(known), right, _share(right, len(known)), *interval(right, len(known)),
                     word, word == INAUTHENTIC and 2 * right < max(1, len(known))))
    schema = {"cluster": pl.String, "size": pl.Int64, "labelled": pl.Int64, "positive": pl.Int64,
              "purity": pl.Float64, "low": pl.Float64, "high": pl.Float64, "verdict": pl.String, "wrongly": pl.Boolean}
    return pl.DataFrame(rows, schema=schema, orient="row")


def _groups(published: set[str], label_of: Mapping[str, str], group_of: Mapping[str, str],
            links: pl.DataFrame | None, called: set[str]) -> pl.DataFrame:
    words: dict[str, dict[str, str]] = {}
    for actor, source, word in links.select("actor", "source", "word").rows() if links is not None else []:
        words.setdefault(actor, {})[source] = word
    counted = ("accounts", "found", "missed", "listed", "linked", "near_miss", "inauthentic")
    sums: dict[tuple[str, str], Counter] = {}
    named: dict[tuple[str, str], set[str]] = {}
    for actor in sorted(label_of.keys() | published):
        key = (group_of.get(actor, "without label"), label_of.get(actor, "without label"))
        said = words.get(actor, {})
        claimed = {source for source, word in said.items() if word in ("listed", *LINKED)}
        kind = "listed" if "listed" in said.values() else "linked" if claimed else "near_miss" if said else ""
        sums.setdefault(key, Counter()).update(["accounts", "found" if actor in published else "missed", kind,
                                                "inauthentic" if actor in called else ""])
        named.setdefault(key, set()).update(claimed)
    rows = [(*key, *(row[name] for name in counted[:-1]), ";".join(sorted(named[key])), row["inauthentic"])
            for key, row in sorted(sums.items())]
    schema = {"group": pl.String, "label": pl.String, **dict.fromkeys(counted[:-1], pl.Int64), "sources": pl.String,
              "inauthentic": pl.Int64}
    return pl.DataFrame(rows, schema=schema, orient="row")
