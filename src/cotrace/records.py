"""The frozen nouns of an investigation. Tables of many rows are in `tables.py`; these are the few.

A record holds no behaviour beyond its own spelling: `as_plain` gives what canonical JSON can carry.
"""

import dataclasses
from dataclasses import dataclass, field

import polars as pl

from . import digest

WINDOWS = (10, 60, 300, 1800, 21600)  # s; from lock-step to a shift of work: the range of the literature (METHOD §1–2)
COMMON_PROPERTY = 5000                # actors; an object that so many use inside one window says nothing about two of
                                      # them, and its pairs grow with the square; such objects are set aside and listed


@dataclass(frozen=True)
class Plan:
    """The only configuration of an investigation; frozen, hashed, printed into the dossier.

    traces: names of the traces to run; empty: all there are.
    windows: s, ascending; None: the default windows that the resolution of the data allows.
    alpha: share of published edges that we accept to be false, 0–1.
    min_objects: distinct objects, the fewest that make a pair testable.
    placebos: copies of the data run for the measured false discovery rate; below 20 the word "validated" is withheld.
    prior: odds that a random actor of the data is run by a given source, "1:1000".
    common_property: actors; objects that more of them act on inside one window, the widest, are set aside.
    look: which look this is at posts that go on arriving, from 1; None: the posts are looked at once.
    alpha_of_looks: what all looks together may spend; `alpha` is then what this one has (docs/days.md).
    """

    traces: tuple[str, ...] = ()
    windows: tuple[int, ...] | None = None
    alpha: float = 0.01
    min_objects: int = 3
    placebos: int = 20
    seed: int = 0
    prior: str = "1:1000"
    common_property: int = COMMON_PROPERTY
    look: int | None = None
    alpha_of_looks: float | None = None

    def as_plain(self) -> dict:
        plain = dataclasses.asdict(self)
        if self.look is None:  # a plan that is run once is spelled as it was before there were looks
            del plain["look"], plain["alpha_of_looks"]
        elif self.alpha_of_looks is not None:
            plain["alpha_of_looks"] = digest.decimal(self.alpha_of_looks)
        return {**plain, "alpha": digest.decimal(self.alpha), "traces": list(self.traces),
                "windows": None if self.windows is None else list(self.windows)}

    @property
    def prior_odds(self) -> float:
        """Prior odds as a number, > 0."""
        for_, against = self.prior.split(":")
        return float(for_) / float(against)


@dataclass(frozen=True)
class Input:
    """One file (or table) that was read, and how."""

    name: str                      # without folders
    sha256: str
    bytes: int
    format: str                    # name of the reader, or of the known schema it recognised
    mapping: tuple[tuple[str, str], ...]  # (ours, theirs)
    zone: str                      # of its times, and who says so
    resolution_s: int
    records: int
    posts: int


@dataclass(frozen=True)
class Reading:
    """Everything that came out of the files."""

    posts: pl.DataFrame            # tables.POSTS, sorted by (at, post), unknown times last
    actors: pl.DataFrame           # tables.ACTORS
    inputs: tuple[Input, ...]
    rejects: pl.DataFrame          # tables.REJECTS
    counts: dict[str, int]         # records, posts, rejected, duplicates, conflicting, without_time, ...
    notes: tuple[str, ...] = ()    # sentences for the report: what was assumed, what was off and why
    how: tuple[tuple[str, str], ...] = ()  # what the caller asked for: allow_rejects, columns, platform, zone

    @property
    def height(self) -> int:
        """How many posts."""
        return self.posts.height

    @property
    def size(self) -> int:
        """Bytes of the posts in memory, as polars counts them."""
        return int(self.posts.estimated_size())

    @property
    def platforms(self) -> set[str]:
        """Of these posts."""
        return set(self.columns("platform")["platform"].drop_nulls().unique())

    def columns(self, *names: str) -> pl.DataFrame:
        """Some columns of all posts, in their order; where posts lie on disk, nothing else of them is read."""
        return self.posts.select(names)

    def rows(self, where: pl.Expr) -> pl.DataFrame:
        """Whole posts of which something holds, in their order."""
        return self.posts.filter(where)


@dataclass(frozen=True)
class TraceReport:
    """What one trace saw."""

    name: str
    method: str                    # the trace's docstring: the method in words
    actions: int
    actors: int
    objects: int
    posts_without: int             # posts that did not have what the trace needs
    set_aside: int                 # objects that are common property
    off: str | None = None         # why it did not run


@dataclass(frozen=True)
class Cluster:
    """Actors that act together; its id is the digest of members and plan, so a finding has one name everywhere."""

    id: str
    members: tuple[str, ...]       # sorted
    stability: tuple[str, ...]     # of each member, decimal 0–1: share of seeded runs that put it here
    traces: tuple[str, ...]
    q: float                       # the smallest that holds the cluster together: of its weakest edge
    layers: dict[str, int] = field(default_factory=dict)  # trace → validated edges inside


@dataclass(frozen=True)
class Placebo:
    """One run on a copy of the data in which who meets whom again is broken."""

    cell: str                      # how the copy was made
    copy: int
    edges: int
    naive_edges: int               # edges of the rule "60 s, twice" on the same copy: what an unchecked rule would find


@dataclass(frozen=True)
class Planting:
    """Rings planted into this very data, and how many came back."""

    members: int
    objects: int
    jitter_s: int
    planted: int
    recovered: int
    trace: str = ""                # the behaviour that they were planted into


@dataclass(frozen=True)
class Ground:
    """One indicator's part in a link, with counts that its ratio can be computed from again."""

    indicator: str                 # file name of the indicator
    says: str                      # one sentence without numbers that are not in `counts`
    ratio: float | None            # likelihood ratio, the cautious end; None: only "compatible with"
    counts: dict[str, int]         # same_seen, same_of, unrelated_seen, unrelated_of, and the indicator's own
    low: float | None              # 95 % interval of the ratio
    high: float | None
    occasions: tuple[tuple[str, ...], ...] = ()  # rows of evidence: (object, post_actor, at, post_source, at, delta_s)
    selectors: tuple[str, ...] = ()              # receipts of the registry rows it rests on


@dataclass(frozen=True)
class Link:
    """One actor × one source, with its grounds and an estimative word."""

    cluster: str | None
    actor: str
    source: str
    grounds: tuple[Ground, ...]
    word: str                      # WORDS, or "listed"
    posterior: float | None        # None for `listed`
    word_if_prior_tenth: str
    word_if_prior_tenfold: str
    bounded_by: str                # which rule of the ladder holds the word down; "" where none does
    explanation: str               # the benign explanation that fits, e.g. "always after: reader or amplifier"


WORDS = (  # ICD 203, upper ends of posterior probability
    ("almost no chance", 0.05), ("very unlikely", 0.20), ("unlikely", 0.45), ("roughly even chance", 0.55),
    ("likely", 0.80), ("very likely", 0.95), ("almost certain", 1.0),
)


def word(posterior: float) -> str:
    """The estimative word of a probability, 0–1; ends belong to the lower word. Source: ICD 203, 2015."""
    return next(name for name, upper in WORDS if posterior <= upper)


@dataclass(frozen=True)
class Decision:
    """A person's verdict on a member of a finding, or on a link. It is never inferred from a score, nor overwrites one.

    Verdicts: `same` (belongs to what was found), `different` (does not: it is taken out), `unsure` (changes nothing).
    """

    actor: str
    source: str                    # "": on the member; else on its link to this source
    verdict: str
    by: str                        # a person's name: goes into the dossier as given, and into no log or progress
    at: str                        # a day, 2026-03-01
    because: str


@dataclass(frozen=True)
class Sign:
    """One sign of inauthenticity in one cluster, with the counts that its chance follows from."""

    cluster: str
    name: str                      # file name of the sign
    column: str                    # what it looks at; two signs of one column count once
    profile: bool                  # whether it is about what an account is, and not only about what it does
    says: str                      # one sentence
    bearers: tuple[str, ...]       # members that show it, sorted
    counts: dict[str, int]         # members, seen, of; others_, audience_ seen and of; tries, chosen
    p: float | None                # chance of as many among members; None: cannot be judged
    q: float | None                # Benjamini-Hochberg over all signs × clusters that could be judged
    state: str                     # seen, not seen, cannot be judged
    open: bool = False             # shown to every reader, as slogans and badges are: weighs less


@dataclass(frozen=True)
class Explanation:
    """One benign explanation of one cluster, with what speaks for and against it, as numbers."""

    cluster: str
    name: str                      # file name of the explanation
    covers: tuple[str, ...]        # columns whose signs it accounts for, where it fits
    needs: int                     # percent of what could speak for it that has to
    says: str
    pro: str                       # what `for_seen` of `for_of` counts
    contra: str                    # what `against_seen` of `against_of` counts
    for_seen: int
    for_of: int                    # 0: nothing is known that could speak for it
    against_seen: int
    against_of: int
    fits: str                      # fits, does not fit, cannot be judged


@dataclass(frozen=True)
class Verdict:
    """Is a cluster inauthentic? Never "authentic": where nothing is shown, that is all that is said."""

    cluster: str
    word: str                      # inauthentic · not shown to be inauthentic · cannot be judged: no profile data
    signs: tuple[str, ...]         # that were seen
    without: tuple[tuple[str, str], ...]  # sign → the word if that one had not been seen
    without_explanations: str      # the word if no benign explanation were counted
    bounded_by: tuple[str, ...]    # explanations that fit, where they change the word
    first: str = ""                # of the explanations that fit, the one that accounts for most; "": none fits


@dataclass(frozen=True)
class Findings:
    """All that an investigation computed: what the dossier is written from, and nothing else."""

    plan: Plan                     # resolved: traces and windows named
    reading: Reading
    traces: tuple[TraceReport, ...]
    edges: pl.DataFrame            # tables.EDGES, validated only
    occasions: pl.DataFrame        # tables.OCCASIONS of these edges
    tests: int                     # pairs × traces that the correction counts
    clusters: tuple[Cluster, ...]
    sources: pl.DataFrame          # tables.SOURCES
    links: tuple[Link, ...]
    placebos: tuple[Placebo, ...]
    plantings: tuple[Planting, ...]
    notes: tuple[str, ...] = ()
    decisions: tuple[Decision, ...] = ()   # those that stand, one for each actor and source
    taken_out: tuple[float, ...] = ()      # p of each validated edge that a decision took out: q of the rest needs them
    naive_edges: int | None = None         # of the rule "60 s, twice" on these very posts, beside those on the copies
    signs: tuple[Sign, ...] = ()
    explanations: tuple[Explanation, ...] = ()
    verdicts: tuple[Verdict, ...] = ()
    forgotten: int = 0                     # actors whose posts were taken out of the case for good, before all else
    searched: int | None = None            # traces × kinds of actor in which there was enough to conclude anything
    common: pl.DataFrame | None = None     # tables.COMMON: what was set aside, object by object
    candidates: int = 0                    # pairs that met often enough to be tested, of those that `tests` counts
    elsewhere: pl.DataFrame | None = None  # tables.ELSEWHERE: how early each member comes outside its cluster


def as_plain(record: object) -> object:
    """A record as canonical JSON can carry it: floats as decimal strings, tuples as lists."""
    if dataclasses.is_dataclass(record) and not isinstance(record, type):
        return {f.name: as_plain(getattr(record, f.name)) for f in dataclasses.fields(record)}
    if isinstance(record, dict):
        return {str(key): as_plain(value) for key, value in record.items()}
    if isinstance(record, list | tuple):
        return [as_plain(value) for value in record]
    return digest.decimal(record) if isinstance(record, float) else record
