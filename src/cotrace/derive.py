"""Where the numbers of a sentence come from: the small language that statements are written and checked in.

A sentence is a template without digits; each number, name and date in it is a placeholder with a derivation over the
rows of the evidence. The writer of a dossier and `verify` both call `fill` and nothing else, so a number cannot be
typed in by hand, and one that no longer follows from its rows is refused. It refuses to compute probabilities:
that is `network`'s business when a dossier is written and `verify`'s when it is checked.

    {"of": "edges", "where": {"cluster": "c-12ab"}, "take": "count", "as": "integer", "value": "12"}
    {"calc": "divide", "with": [{...}, {...}], "as": "decimal:2", "value": "0.03"}
    {"constant": "interval", "value": "95"}

    take   count | distinct:COL[,COL] (values in any of these columns) | tuples:COL,COL (rows that differ in them) |
           sum:COL | min:COL | max:COL | mean:COL | mean_low:COL | mean_high:COL | median:COL |
           cell:COL (exactly one row) | values:COL (distinct, sorted)
    where  {column: value} or {column: [any, of, these]}; all must hold
    calc   add | subtract | divide | most (the largest) | least (the smallest)
    as     text | list | integer | decimal:N | percent:N | seconds | day | moment

Numbers are exact fractions until they are written; only `mean_low` and `mean_high` take a square root.
"""

import datetime
import decimal
import hashlib
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from typing import NamedTuple

from . import digest
from .errors import VerificationError

REVIEW = "DRAFT, NOT REVIEWED"
REVIEWED = "REVIEWED: A PERSON DECIDED ON EVERY MEMBER"
REVIEWED_UNSURE = "REVIEWED: A PERSON LOOKED AT EVERY MEMBER, AND COULD NOT DECIDE ON ALL"
VERDICTS = ("same", "different", "unsure")  # of a person, on a member or a link
TYPES = ("FACT", "INFERENCE", "JUDGEMENT", "QUOTE")
CONSTANTS = {"interval": "95", "hours_of_a_day": "24", "enough_placebos": "20", "placebo_hours": "1",
             "plantings_found": "9", "plantings_of": "10", "prior_factor": "10"}

# The evidence of a dossier: evidence/<name>.csv and its columns. Later versions add columns at the end.
EVIDENCE: dict[str, tuple[str, ...]] = {
    "inputs": ("name", "sha256", "bytes", "format", "mapping", "zone", "resolution_s", "records", "posts"),
    "counts": ("what", "value"),
    "rejects": ("file", "reason", "records"),
    "notes": ("note", "text"),
    "plan": ("key", "value"),
    "run": ("key", "value"),
    "traces": ("trace", "method", "actions", "actors", "objects", "posts_without", "set_aside", "off"),
    "clusters": ("cluster", "kind", "size", "traces", "q", "edges", "observed", "expected", "meetings",
                 "likely_meetings", "one_sided", "objects", "posts", "days", "hours", "first", "last", "stability"),
    "members": ("cluster", "actor", "kind", "name", "handle", "stability", "traces", "q_min", "edges", "meetings",
                "first", "last"),
    "roles": ("cluster", "actor", "sittings", "came_first", "came_last", "share_first", "median_lag_s", "p", "q",
              "role", "after", "before_elsewhere", "after_elsewhere", "p_placebo", "q_placebo"),
    "edges": ("cluster", "a", "b", "kind", "trace", "window_s", "observed", "expected", "p", "q", "p_time", "p_choice",
              "shared", "shared_expected", "rare", "rare_expected", "tested", "a_first", "b_first",
              "alike"),
    "occasions": ("cluster", "a", "b", "trace", "object", "post_a", "at_a", "post_b", "at_b", "delta_s", "together",
                  "chance"),
    "posts": ("post", "account", "place", "at", "kind", "text", "links", "tags", "lang", "receipt", "media"),
    "links": ("cluster", "actor", "source", "word", "posterior", "word_if_prior_tenth", "word_if_prior_tenfold",
              "bounded_by", "explanation", "named"),
    "grounds": ("cluster", "actor", "source", "indicator", "says", "ratio", "low", "high", "same_seen", "same_of",
                "unrelated_seen", "unrelated_of", "counts", "selectors"),
    "meetings": ("cluster", "actor", "source", "indicator", "object", "post_actor", "at_actor", "post_source",
                 "at_source", "delta_s"),
    "registry": ("source", "selector_type", "selector", "identified_by", "at", "cites", "platform", "name",
                 "valid_from", "valid_to", "withdrawn", "note", "receipt"),
    "placebos": ("cell", "copy", "edges", "naive_edges"),
    "plantings": ("members", "objects", "jitter_s", "planted", "recovered", "trace"),
    "decisions": ("actor", "source", "verdict", "by", "at", "because"),
    "taken_out": ("p", "edges"),
    "signs": ("cluster", "sign", "column", "profile", "says", "members", "seen", "of", "others_seen", "others_of",
              "audience_seen", "audience_of", "tries", "chosen", "p", "q", "state", "open"),
    "bearers": ("cluster", "sign", "actor"),
    "explanations": ("cluster", "explanation", "covers", "needs", "says", "pro", "contra", "for_seen", "for_of",
                     "against_seen", "against_of", "fits"),
    "verdicts": ("cluster", "word", "signs", "without_explanations", "bounded_by", "first"),
    "without": ("cluster", "without", "word"),
    "common_property": ("trace", "object", "actors", "busiest", "window_s"),
}

# Titles are fixed, or a heading could say what no sentence may.
TITLE = "What acts together in these posts"
SECTIONS = {"summary": "What was found", "links": "Links to previously identified sources",
            "benign": "Benign explanations that were tested", "inauthentic": "Authentic or not",
            "chance": "What chance does in the same data", "read": "What was read",
            "withheld": "What is withheld, and the other side", "limits": "What would make this wrong",
            "not_claimed": "What is not claimed", "check": "How to check this"}
LADDER = ("almost no chance", "very unlikely", "unlikely", "roughly even chance", "likely", "very likely",
          "almost certain")  # ICD 203
LADDER_ENDS = ("0.05", "0.2", "0.45", "0.55", "0.8", "0.95", "1")  # upper end of each; an end belongs to the lower word
NAMED = ("listed", "likely", "very likely", "almost certain")      # below "likely" nobody is named in a statement
ACCUSATIONS = re.compile(r"\b(fakes?|trolls?|bots?|inauthentic (network|accounts?)|operated by|puppets?|sockpuppets?|"
                         r"agents?)\b", re.IGNORECASE)  # never our claim; other people's words stand in placeholders
_LIKELIHOOD = re.compile(r"\b(likely|unlikely|even chance|almost no chance|almost certain|listed)\b", re.IGNORECASE)

LOOK_DIGITS = 6  # of the share of alpha that a look has: a spelling that survives being read back
ROLES = ("acts first", "acts last", "acts after others", "")  # an order in time, and nothing else
SITTING_S = 21_600  # six hours, the widest window: who works through accounts in a fixed order keeps it for a sitting,
                    # so that what meets in one sitting has one say on who comes first
MOST_DRAWN = 400    # sittings of a member that are exchanged with those elsewhere: a hundred days of four; its cost
                    # grows with their square
MAX_DEPTH = 4   # of calculations in calculations; the deepest that is written is 3
PLACEHOLDER = re.compile(r"\{([a-z_]+)\}")
NUMBER = re.compile(r"-?[0-9]{1,40}(\.[0-9]{1,20})?(e-?[0-9]{1,3})?")
MONTHS = ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
          "December")
PICTURE = re.compile(r"(?:pdq:)?([0-9a-f]{64})(?::([0-9]{1,2}|100))?")  # a picture's hash, and its quality if known
PICTURE_BITS = 31     # of 256 in which two such hashes may differ: the distance that the makers of PDQ recommend
PICTURE_QUALITY = 50  # of 100, below which a picture has too little in it to be told by (METHOD §1)
MOMENT = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})T([0-9]{2}):([0-9]{2}):([0-9]{2})(\.[0-9]{6})?Z")

Table = tuple[Sequence[str], Sequence[Sequence[str]]]


class Tables:
    """The evidence, by name, with an index for each column that a `where` asks for."""

    def __init__(self, tables: Mapping[str, Table], budget: int | None = None):
        """`budget`: rows that may be looked at before it is refused as hostile; None: no limit."""
        self.tables = tables
        self._left = budget
        self._columns: dict[str, dict[str, int]] = {}
        self._index: dict[tuple[str, str], dict[str, list[int]]] = {}
        self._roots: dict[tuple[str, bytes], tuple[int, str]] = {}

    def rows(self, of: str) -> Sequence[Sequence[str]]:
        if of not in self.tables:
            raise VerificationError(f"A number is derived from {of!r}, which is not among the evidence.")
        return self.tables[of][1]

    def column(self, of: str, name: str) -> int:
        """Position of a column; refuses one that is not there."""
        self.rows(of)
        if of not in self._columns:
            self._columns[of] = {column: i for i, column in enumerate(self.tables[of][0])}
        if name not in self._columns[of]:
            raise VerificationError(f"A number is derived from column {name!r} of {of!r}, which does not exist.")
        return self._columns[of][name]

    def where(self, of: str, conditions: Mapping[str, str | Sequence[str]] | None = None) -> list[Sequence[str]]:
        """The rows on which all conditions hold, in the order of the file."""
        rows = self.rows(of)
        if not conditions:
            self._spend(len(rows))
            return list(rows)
        wanted = [(self.column(of, column), _choices(value)) for column, value in sorted(conditions.items())]
        first = min(wanted, key=lambda want: self._hits(of, want))
        index = self._indexed(of, first[0])
        chosen = sorted(number for value in first[1] for number in index.get(value, ()))
        self._spend(len(chosen) + len(first[1]))
        return [row for row in (rows[i] for i in chosen) if all(row[at] in values for at, values in wanted)]

    def cells(self, of: str, column: str, conditions: Mapping | None = None) -> list[str]:
        at = self.column(of, column)
        return [row[at] for row in self.where(of, conditions)]

    def cell(self, of: str, column: str, conditions: Mapping | None = None) -> str:
        """The one cell that the conditions single out."""
        found = self.cells(of, column, conditions)
        if len(found) != 1:
            raise VerificationError(f"One row of {of!r} was meant and {len(found)} were found: {_short(conditions)}.")
        return found[0]

    def root(self, of: str, conditions: Mapping | None = None) -> tuple[int, str]:
        """How many rows the conditions choose, and the Merkle root over them."""
        key = (of, digest.canonical(conditions))
        if key not in self._roots:
            rows = self.where(of, conditions)
            self._roots[key] = len(rows), digest.merkle(digest.csv_line(row).encode("utf-8") for row in rows)
        return self._roots[key]

    def _spend(self, rows: int) -> None:
        if self._left is not None:
            self._left -= rows
            if self._left < 0:
                raise VerificationError("Its sentences ask for more rows than any dossier needs.")

    def _hits(self, of: str, want: tuple[int, frozenset[str]]) -> int:
        index = self._indexed(of, want[0])
        return sum(len(index.get(value, ())) for value in want[1])

    def _indexed(self, of: str, at: int) -> dict[str, list[int]]:
        key = (of, str(at))
        if key not in self._index:
            index: dict[str, list[int]] = {}
            for number, row in enumerate(self.tables[of][1]):
                index.setdefault(row[at], []).append(number)
            self._index[key] = index
        return self._index[key]


def _choices(value: object) -> frozenset[str]:
    if isinstance(value, str):
        return frozenset((value,))
    if isinstance(value, list | tuple) and all(isinstance(inner, str) for inner in value):
        return frozenset(value)
    raise VerificationError(f"A condition is a value or a list of values, not {_short(value)}.")


def _short(value: object) -> str:
    said = repr(value)
    return said if len(said) <= 120 else said[:117] + "..."


# ---------------------------------------------------------------------------------------------- deriving

def number(cell: str) -> Fraction:
    """A cell as an exact number; refuses everything that is not a short decimal."""
    if not NUMBER.fullmatch(cell):
        raise VerificationError(f"A number was expected and {_short(cell)} found.")
    return Fraction(cell)


def alpha_of_look(alpha: str, look: int) -> str:
    """What the look-th look at posts that go on arriving may spend of alpha: alpha ÷ (look · (look + 1)), rounded down.

    After k looks alpha · k ÷ (k + 1) is spent, so however many there are, they never spend more than alpha together.
    """
    share = decimal.Context(prec=LOOK_DIGITS, rounding=decimal.ROUND_DOWN).divide(
        decimal.Decimal(alpha), decimal.Decimal(look * (look + 1)))
    return digest.decimal(float(share))


def derive(derivation: object, tables: Tables, depth: int = 0) -> Fraction | str | list[str]:
    """The value of a derivation, not yet written out.

    Raises:
        VerificationError: the derivation is not in the language, or its rows do not allow it.
    """
    if not isinstance(derivation, dict) or depth > MAX_DEPTH:
        raise VerificationError(f"This is not a derivation: {_short(derivation)}.")
    if "constant" in derivation:
        _only(derivation, {"constant", "value", "as"})
        if derivation["constant"] not in CONSTANTS:
            raise VerificationError(f"There is no constant {_short(derivation['constant'])}.")
        return CONSTANTS[derivation["constant"]]
    if "calc" in derivation:
        _only(derivation, {"calc", "with", "value", "as"})
        return _calculate(derivation, tables, depth)
    _only(derivation, {"of", "where", "take", "value", "as"})
    return _take(derivation, tables)


def _only(derivation: Mapping, allowed: set[str]) -> None:
    if strange := set(derivation) - allowed:
        raise VerificationError(f"A derivation has parts that the language does not know: {_short(sorted(strange))}.")


def _calculate(derivation: Mapping, tables: Tables, depth: int) -> Fraction:
    parts = derivation.get("with")
    if not isinstance(parts, list) or not 1 <= len(parts) <= 16:
        raise VerificationError(f"A calculation needs its parts: {_short(derivation)}.")
    values = []
    for part in parts:
        value = derive(part, tables, depth + 1)
        values.append(value if isinstance(value, Fraction) else number(str(value)))
    match derivation["calc"], values:
        case "add", _:
            return sum(values, Fraction(0))
        case "subtract", [one, other]:
            return one - other
        case "divide", [one, other] if other != 0:
            return one / other
        case "most", _:
            return max(values)
        case "least", _:
            return min(values)
    raise VerificationError(f"This cannot be calculated: {_short(derivation)}.")


def _take(derivation: Mapping, tables: Tables) -> Fraction | str | list[str]:
    of, conditions, take = derivation.get("of"), derivation.get("where"), derivation.get("take")
    if not isinstance(of, str) or not isinstance(take, str) or not isinstance(conditions, dict | None):
        raise VerificationError(f"This is not a derivation: {_short(derivation)}.")
    verb, _, column = take.partition(":")
    match verb:
        case "count" if not column:
            return Fraction(len(tables.where(of, conditions)))
        case "distinct":
            return Fraction(len({cell for name in column.split(",") for cell in tables.cells(of, name, conditions)}))
        case "tuples":
            return Fraction(len(set(zip(*(tables.cells(of, name, conditions) for name in column.split(",")),
                                        strict=True))))
        case "cell":
            return tables.cell(of, column, conditions)
        case "values":
            found = set(tables.cells(of, column, conditions))
            return sorted(found, key=lambda cell: (0, number(cell), "") if NUMBER.fullmatch(cell) else (1, 0, cell))
    cells = tables.cells(of, column, conditions)
    if verb == "sum":
        return sum(map(number, cells), Fraction(0))
    if not cells:
        raise VerificationError(f"{verb} of no rows: {_short(derivation)}.")
    if verb in ("min", "max") and MOMENT.fullmatch(cells[0]):
        return min(cells, key=_when) if verb == "min" else max(cells, key=_when)
    return _summary(verb, sorted(map(number, cells)))


def _summary(verb: str, values: list[Fraction]) -> Fraction:
    match verb:
        case "min":
            return values[0]
        case "max":
            return values[-1]
        case "median":
            half = len(values) // 2
            return values[half] if len(values) % 2 else (values[half - 1] + values[half]) / 2
        case "mean":
            return sum(values, Fraction(0)) / len(values)
        case "mean_low" | "mean_high":
            return mean_interval(values)[0 if verb == "mean_low" else 1]
    raise VerificationError(f"The language has no word {verb!r}.")


def microseconds(moment: str) -> int:
    """Since 1970, UTC.

    Raises:
        VerificationError: this is not one of our times.
    """
    if not MOMENT.fullmatch(moment):
        raise VerificationError(f"A time was expected and {_short(moment)} found.")
    try:
        at = datetime.datetime.fromisoformat(moment.replace("Z", "+00:00"))
    except ValueError:
        raise VerificationError(f"There is no such time: {_short(moment)}.") from None
    return (at - datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)) // datetime.timedelta(microseconds=1)


def nearest_picture(media: str, thing: str) -> tuple[str, int] | None:
    """Of the hashes in a cell of `media`, the nearest to an object `pdq:HASH`, and in how many bits the two differ.

    None: the object is no picture, or none of the hashes is near enough, or known to be of enough quality.
    """
    exemplar = PICTURE.fullmatch(thing)
    told = [found for item in media.split(";") if (found := PICTURE.fullmatch(item))]
    bits = [((int(found[1], 16) ^ int(exemplar[1], 16)).bit_count(), found[1]) for found in told
            if exemplar and (found[2] is None or int(found[2]) >= PICTURE_QUALITY)]
    near = min(bits, default=(PICTURE_BITS + 1, ""))
    return (near[1], near[0]) if near[0] <= PICTURE_BITS else None


def _when(moment: str) -> str:
    """Times in order: without the Z, a time and the same time with microseconds sort as they passed."""
    return moment.rstrip("Z")


def mean_interval(values: Sequence[Fraction]) -> tuple[Fraction, Fraction]:
    """95 % interval of the mean of counts over copies: Student's t, the lower end not below zero.

    The upper end is at least 3 / copies: where no copy shows anything, an average of up to three in all of them
    together cannot be ruled out (the rule of three). One copy alone has no upper end of its own: 3 + its count.
    """
    copies = len(values)
    mean = sum(values, Fraction(0)) / copies
    if copies == 1:
        return Fraction(0), mean + 3
    spread = sum(((value - mean) ** 2 for value in values), Fraction(0)) / (copies - 1)
    reach = Fraction(_student(copies - 1) * math.sqrt(spread / copies))
    return max(Fraction(0), mean - reach), max(mean + reach, Fraction(3, copies))


def _student(freedom: int) -> float:
    """The 97.5 % point of Student's t: Abramowitz & Stegun 26.7.5, and below 5 degrees from the table."""
    if freedom < 5:
        return (12.7062, 4.30265, 3.18245, 2.77645)[freedom - 1]
    z = 1.959963984540054
    terms = ((z**3 + z) / 4, (5 * z**5 + 16 * z**3 + 3 * z) / 96, (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384)
    return z + terms[0] / freedom + terms[1] / freedom**2 + terms[2] / freedom**3


# ----------------------------------------------------------------------------------------------- writing

def written(value: Fraction | str | list[str], how: str) -> str:
    """A value as it stands in the sentence.

    Raises:
        VerificationError: the value cannot be written this way.
    """
    form, _, digits = how.partition(":")
    if form == "list":
        items = value if isinstance(value, list) else [str(value)]
        return ", ".join(items[:-1]) + (" and " if len(items) > 1 else "") + items[-1] if items else "none"
    if isinstance(value, list):
        raise VerificationError(f"A list cannot be written as {_short(how)}.")
    match form:
        case "text":
            return value if isinstance(value, str) else _decimal(value, 6).rstrip("0").rstrip(".")
        case "day" | "moment":
            return _moment(str(value), form)
    exact = value if isinstance(value, Fraction) else number(value)
    match form:
        case "integer" if exact.denominator == 1:
            return f"{exact.numerator:,}"
        case "decimal" if digits in ("1", "2", "3", "4"):
            return _bounded(exact, int(digits))
        case "percent" if digits in ("0", "1", "2", "7"):  # 7: alpha of a late look
            return _bounded(exact * 100, int(digits)) + " %"
        case "seconds" if exact >= 0:
            return _duration(exact)
    raise VerificationError(f"{_short(value)} cannot be written as {_short(how)}.")


def _decimal(value: Fraction, digits: int) -> str:
    scaled = round(abs(value) * 10**digits)  # half to even, exact
    whole, rest = divmod(scaled, 10**digits)
    sign = "-" if value < 0 and scaled else ""
    return f"{sign}{whole:,}" + (f".{rest:0{digits}d}" if digits else "")


def _bounded(value: Fraction, digits: int) -> str:
    """Small is said as "less than", so that no reader meets a row of zeros and no prose a number below 1e-6."""
    smallest = Fraction(1, 10**digits)
    if 0 < value < smallest:
        return f"less than {_decimal(smallest, digits)}"
    return _decimal(value, digits)


def _duration(seconds: Fraction) -> str:
    for unit, size in (("day", 86400), ("hour", 3600), ("minute", 60)):
        if seconds >= size and seconds % size == 0:
            return f"{seconds // size:,} {unit}{'s' if seconds != size else ''}"
    if seconds.denominator == 1:
        return f"{seconds.numerator:,} second{'s' if seconds != 1 else ''}"
    return f"{_bounded(seconds, 1)} seconds"


def _moment(cell: str, form: str) -> str:
    found = MOMENT.fullmatch(cell)
    if not found or not 1 <= int(found[2]) <= 12:
        raise VerificationError(f"A time was expected and {_short(cell)} found.")
    day = f"{int(found[3])} {MONTHS[int(found[2]) - 1]} {found[1]}"
    return day if form == "day" else f"{day}, {found[4]}:{found[5]}:{found[6]} UTC"


def write(derivation: Mapping, tables: Tables) -> str:
    """The value of a derivation as it stands in a sentence."""
    how = derivation.get("as", "text")
    if not isinstance(how, str):
        raise VerificationError(f"This is not a way of writing: {_short(how)}.")
    return written(derive(derivation, tables), how)


# --------------------------------------------------------------------------------------------- sentences

def says(sentence: Mapping) -> str:
    """The sentence with its numbers in place, as it is printed; checks nothing (see `check`)."""
    numbers = sentence["numbers"]
    return PLACEHOLDER.sub(lambda found: numbers[found[1]]["value"], sentence["text"])


def evidence_of(of: str, where: Mapping | None, tables: Tables) -> dict:
    """An evidence id: the file, the condition, how many rows it chooses and the Merkle root of those rows."""
    count, root = tables.root(of, where)
    chosen = {"of": of, **({"where": dict(where)} if where else {})}
    return {"id": f"{of}-{root[:12]}", **chosen, "rows": count, "root": root}


def sentence(name: str, kind: str, text: str, numbers: Mapping[str, Mapping], evidence: Iterable[tuple], tables: Tables,
             ) -> dict:
    """Write one sentence: fills in every value and names its evidence.

    Args:
        name: its id, unique in the statement.
        kind: one of TYPES.
        text: a template without digits; `{name}` is a placeholder.
        numbers: placeholder → derivation without its value.
        evidence: (file, condition) pairs; at least one.

    Raises:
        VerificationError: the sentence would be refused by `check`.
    """
    filled = {key: {**derivation, "value": write(derivation, tables)} for key, derivation in numbers.items()}
    ids = [evidence_of(of, where, tables) for of, where in evidence]
    made = {"id": name, "type": kind, "text": text, "numbers": filled, "evidence": ids}
    check(made, tables)
    return made


def check(sentence: object, tables: Tables) -> int:
    """Does this sentence follow from the evidence? Returns how many values were recomputed.

    Raises:
        VerificationError: it is not typed, has no evidence, a digit stands outside a placeholder, a placeholder is
            unused or unknown, or a value or an evidence id differs from what its rows give.
    """
    if not isinstance(sentence, dict) or set(sentence) != {"id", "type", "text", "numbers", "evidence"}:
        raise VerificationError(f"This is not a sentence: {_short(sentence)}.")
    name, text, numbers, evidence = sentence["id"], sentence["text"], sentence["numbers"], sentence["evidence"]
    if not isinstance(name, str) or not isinstance(text, str) or not isinstance(numbers, dict):
        raise VerificationError(f"This is not a sentence: {_short(sentence)}.")
    where = f"Sentence {name!r}"
    if sentence["type"] not in TYPES:
        raise VerificationError(f"{where} has no type: {_short(sentence['type'])}.")
    if not isinstance(evidence, list) or not evidence:
        raise VerificationError(f"{where} names no evidence.")
    bare = PLACEHOLDER.sub("", text)
    if any(letter.isnumeric() for letter in bare) or "{" in bare or "}" in bare:
        raise VerificationError(f"{where} has a number that no evidence stands behind: {_short(bare)}.")
    _manners(where, text, numbers)
    if set(PLACEHOLDER.findall(text)) != set(numbers):
        raise VerificationError(f"{where}: its placeholders and its numbers are not the same.")
    for key, derivation in numbers.items():
        right = write(derivation, tables) if isinstance(derivation, dict) else None
        if right is None or derivation.get("value") != right:
            raise VerificationError(f"{where}: {key} is given as {_short(_value(derivation))}, and the evidence gives "
                                    f"{_short(right)}.")
    for given in evidence:
        if not isinstance(given, dict) or not isinstance(given.get("where"), dict | None):
            raise VerificationError(f"{where} has an evidence id that is none: {_short(given)}.")
        if evidence_of(str(given.get("of")), given.get("where"), tables) != given:
            raise VerificationError(f"{where}: the evidence {_short(given.get('id'))} is not what the rows give.")
    return len(numbers)


def _manners(where: str, text: str, numbers: Mapping) -> None:
    """What no sentence of ours may say, whatever its numbers are."""
    if found := ACCUSATIONS.search(PLACEHOLDER.sub("", text)):
        raise VerificationError(f"{where} says {found.group()!r}, which is no finding of this method.")
    if "confidence" in text.lower():
        told = " ".join([text, *(str(_value(derivation)) for derivation in numbers.values())])
        if _LIKELIHOOD.search(told):
            raise VerificationError(f"{where} tells likelihood and confidence in one breath.")


def _value(derivation: object) -> object:
    return derivation.get("value") if isinstance(derivation, dict) else derivation


# ------------------------------------------------------------------------------------------ the placebos

def placebo_rates(placebos: Sequence[tuple[str, int]], edges: int) -> dict[str, tuple[Fraction, Fraction, Fraction]]:
    """Measured false discovery rate of each cell: mean placebo edges ÷ edges found, with its 95 % interval.

    Args:
        placebos: (cell, edges) of each copy.
        edges: found in the real data; with none the rate is undefined and the result is empty.
    """
    if edges == 0:
        return {}
    copies: dict[str, list[Fraction]] = {}
    for cell, found in placebos:
        copies.setdefault(cell, []).append(Fraction(found))
    rates = {}
    for cell, counts in sorted(copies.items()):
        low, high = mean_interval(counts)
        rates[cell] = (sum(counts, Fraction(0)) / len(counts) / edges, low / edges, high / edges)
    return rates


def standing(placebos: Sequence[tuple[str, int]], edges: int, alpha: Fraction, *, span: tuple[str, str] = ("", ""),
             ) -> tuple[str, str | None]:
    """May the word "validated" be used? Returns (standing, worst cell).

    Standing: "validated" · "nothing found" · "placebo impossible" (all posts, `span` from first to last, lie within
    an hour: whoever is there is there with everybody, and a copy cannot tell) · "too few placebos" (fewer than twenty
    copies of some cell, or none) · "rate exceeded" (the measured rate of the worst cell is above alpha).
    """
    counts: dict[str, int] = {}
    for cell, _ in placebos:
        counts[cell] = counts.get(cell, 0) + 1
    if edges == 0:
        totals = {cell: sum(found for of, found in placebos if of == cell) for cell in counts}
        return "nothing found", max(sorted(totals), key=lambda cell: Fraction(totals[cell], counts[cell]), default=None)
    rates = placebo_rates(placebos, edges)
    worst = max(sorted(rates), key=lambda cell: rates[cell][0], default=None)
    if all(span) and microseconds(span[1]) - microseconds(span[0]) <= int(CONSTANTS["placebo_hours"]) * 3_600_000_000:
        return "placebo impossible", worst
    if not counts or min(counts.values()) < int(CONSTANTS["enough_placebos"]):
        return "too few placebos", worst
    return ("rate exceeded" if worst is not None and rates[worst][0] > alpha else "validated"), worst


def review(tables: Tables) -> str:
    """A draft until a decision of a person stands on every member; where nobody is named, nothing was reviewed. That
    somebody was unsure is a decision, and is said."""
    named = set(tables.cells("members", "actor"))
    stand = {row[0]: row[2] for row in tables.where("decisions", {"source": ""})}
    if not named or not named <= set(stand):
        return REVIEW
    return REVIEWED_UNSURE if any(stand[actor] == "unsure" for actor in named) else REVIEWED


def smallest_planting(plantings: Sequence[tuple[int, int, int, int, int]]) -> tuple[int, int, int, int, int] | None:
    """The smallest ring that came back in 9 of 10 plantings: fewest members × objects, then the widest jitter.

    Rows are (members, objects, jitter_s, planted, recovered).
    """
    back = [row for row in plantings if row[3] > 0 and row[4] * 10 >= row[3] * 9]
    return min(back, key=lambda row: (row[0] * row[1], row[0], -row[2]), default=None)


# -------------------------------------------------------------------------- what follows from edges and members

def summaries(named: Sequence[Sequence[str]], edges: Sequence[Sequence[str]], occasions: Sequence[Sequence[str]],
              ) -> tuple[list[list[str]], list[list[str]]]:
    """The rows of `members` and `clusters`, computed from the rows of `edges` and `occasions`.

    Args:
        named: cluster, actor, kind, name, handle, stability of each member.
        edges, occasions: rows in the columns of EVIDENCE.
    """
    inside: dict[str, list[Sequence[str]]] = {}
    met: dict[str, list[Sequence[str]]] = {}
    for row in edges:
        inside.setdefault(row[0], []).append(row)
    for row in occasions:
        if row[10] == "yes":
            met.setdefault(row[0], []).append(row)
    of: dict[str, list[Sequence[str]]] = {}
    for row in named:
        of.setdefault(row[0], []).append(row)
    members, clusters = [], []
    for cluster, rows in sorted(of.items()):
        own, together = inside.get(cluster, []), met.get(cluster, [])
        members += _members(rows, own, together)
        clusters.append(_cluster(cluster, rows, own, together))
    return sorted(members), clusters


def _members(named: Sequence[Sequence[str]], edges: Sequence[Sequence[str]], together: Sequence[Sequence[str]],
             ) -> list[list[str]]:
    of_edge: dict[str, list[Sequence[str]]] = {}
    for row in edges:
        for actor in (row[1], row[2]):
            of_edge.setdefault(actor, []).append(row)
    times: dict[str, list[str]] = {}
    for row in together:
        times.setdefault(row[1], []).append(row[6])
        times.setdefault(row[2], []).append(row[8])
    found = []
    for cluster, actor, kind, name, handle, stability in named:
        mine, at = of_edge.get(actor, []), times.get(actor, [])
        found.append([cluster, actor, kind, name, handle, stability, ";".join(sorted({row[4] for row in mine})),
                      min((row[9] for row in mine), key=number, default=""), str(len(mine)), str(len(at)),
                      min(at, key=_when, default=""), max(at, key=_when, default="")])
    return found


def _cluster(cluster: str, named: Sequence[Sequence[str]], edges: Sequence[Sequence[str]],
             together: Sequence[Sequence[str]]) -> list[str]:
    times = [row[at] for row in together for at in (6, 8)]
    one_sided = sum((int(row[17]) == 0) != (int(row[18]) == 0) for row in edges)
    expected = sum((number(row[7]) for row in edges), Fraction(0))
    return [cluster, ";".join(sorted({row[2] for row in named})), str(len(named)),
            ";".join(sorted({row[4] for row in edges})), _weakest(edges),
            str(len(edges)), str(sum(int(row[6]) for row in edges)), f"{float(expected):.6f}", str(len(together)),
            str(sum(number(row[11]) >= Fraction(1, 2) for row in together)), str(one_sided),
            str(len({row[4] for row in together})), str(len({row[at] for row in together for at in (5, 7)})),
            str(len({at[:10] for at in times})), str(len({at[11:13] for at in times})),
            min(times, key=_when, default=""), max(times, key=_when, default=""),
            min((row[5] for row in named), key=number, default="")]


class Order(NamedTuple):
    """Who came when."""

    members: list[list[str]]                             # the first seven columns of `roles`, a row a member
    before: dict[tuple[str, str, str], tuple[int, int]]  # cluster, a, b → sittings in which a, in which b came before
    drawn: dict[tuple[str, str], dict[str, tuple[int, int]]]  # cluster, member → one other, drawn by lot in each
                                                              # sitting → before it, after it; of MOST_DRAWN sittings


def order(named: Sequence[Sequence[str]], occasions: Sequence[Sequence[str]]) -> Order:
    """Who came when in each cluster.

    Posts that met, directly or through others, are a gathering, and a member comes to it with its earliest post there.
    Gatherings that begin within SITTING_S of the first of them are a sitting, and of each sitting only the first
    gathering counts that the member, or the pair, was at. Of equal times nobody is first, last or before the other.

    Args:
        named, occasions: rows in the columns of `members` and `occasions`.
    """
    met: dict[str, list[_Met]] = {}
    for row in occasions:
        if row[0] and row[10] == "yes":
            met.setdefault(row[0], []).append((row[1], row[5], microseconds(row[6]),
                                               row[2], row[7], microseconds(row[8])))
    came: dict[tuple[str, str], dict[int, _Gathering]] = {}
    before: dict[tuple[str, str, str], tuple[int, int]] = {}
    for cluster, together in met.items():
        sittings, at = _sittings(together)
        for post in sorted(at, key=lambda post: _when_begun(at[post])):
            for actor in at[post]:
                came.setdefault((cluster, actor), {}).setdefault(sittings[post], at[post])
        for (a, b), signs in _pairwise(together, sittings).items():
            before[cluster, a, b] = signs.count(1), signs.count(-1)
    members = sorted([*row[:2], *_came(row[1], [*came.get((row[0], row[1]), {}).values()])] for row in named)
    return Order(members, before, {who: _drawn(who[1], [*at.values()]) for who, at in came.items()})


_Met = tuple[str, str, int, str, str, int]  # actor, post and µs of the one, and of the other
_Gathering = dict[str, int]                 # member → µs at which it came


def _when_begun(at: _Gathering) -> tuple[int, list[int]]:
    """An order that no name has a part in."""
    return min(at.values()), sorted(at.values())


def _sittings(together: Sequence[_Met]) -> tuple[dict[str, int], dict[str, _Gathering]]:
    """Of each post the number of its sitting; and the gatherings, by one post of each."""
    above: dict[str, str] = {}

    def gathering(post: str) -> str:
        while above.setdefault(post, post) != post:
            above[post] = post = above[above[post]]
        return post

    at: dict[str, _Gathering] = {}
    for _, one, _, _, other, _ in together:
        above[gathering(one)] = gathering(other)
    for a, one, at_a, b, _, at_b in together:
        here = at.setdefault(gathering(one), {})
        here[a], here[b] = min(here.get(a, at_a), at_a), min(here.get(b, at_b), at_b)
    number_of: dict[str, int] = {}
    begun, sitting = None, -1
    for post in sorted(at, key=lambda post: _when_begun(at[post])):
        first = min(at[post].values())
        if begun is None or first - begun >= SITTING_S * 1_000_000:
            begun, sitting = first, sitting + 1
        number_of[post] = sitting
    return {post: number_of[gathering(post)] for post in list(above)}, at


def _pairwise(together: Sequence[_Met], sittings: Mapping[str, int]) -> dict[tuple[str, str], list[int]]:
    """Of each pair, who came first in each sitting: 1 the one, -1 the other, 0 neither."""
    earliest: dict[tuple[str, str, int], tuple[int, int, int]] = {}
    for a, one, at_a, b, _, at_b in together:
        vote = min(at_a, at_b), max(at_a, at_b), (at_a < at_b) - (at_b < at_a)
        earliest[a, b, sittings[one]] = min(earliest.get((a, b, sittings[one]), vote), vote)
    signs: dict[tuple[str, str], list[int]] = {}
    for (a, b, _), (_, _, sign) in earliest.items():
        signs.setdefault((a, b), []).append(sign)
    return signs


def lot(moment_us: int, of: int) -> int:
    """One of so many, drawn by lot: the same for everybody, and nothing that whoever acts then can have in mind."""
    return int.from_bytes(hashlib.sha256(str(moment_us).encode()).digest()[:8], "big") % of


def _drawn(actor: str, counted: Sequence[_Gathering]) -> dict[str, tuple[int, int]]:
    """Of each sitting one other member, by lot among those in the order in which they came; of equal times none."""
    signs: dict[str, tuple[int, int]] = {}
    for at in counted[:MOST_DRAWN]:
        others = sorted((when, other) for other, when in at.items() if other != actor)
        when, other = others[lot(min(at.values()), len(others))]
        if when != at[actor] and sum(one == when for one, _ in others) == 1:
            before, after = signs.get(other, (0, 0))
            signs[other] = before + (at[actor] < when), after + (at[actor] > when)
    return signs


def _came(actor: str, counted: Sequence[_Gathering]) -> list[str]:
    """sittings, came_first, came_last, share_first and median_lag_s of a member."""
    if not counted:
        return ["0", "0", "0", "", ""]
    times = [sorted(at.values()) for at in counted]
    mine = [at[actor] for at in counted]
    first = sum(own == all_[0] < all_[1] for own, all_ in zip(mine, times, strict=True))
    last = sum(own == all_[-1] > all_[-2] for own, all_ in zip(mine, times, strict=True))
    lag_us = round(_summary("median", sorted(Fraction(own - all_[0]) for own, all_ in zip(mine, times, strict=True))))
    return [str(len(counted)), str(first), str(last), f"{first / len(counted):.6f}",
            f"{lag_us // 10**6}.{lag_us % 10**6:06d}"]


def _weakest(edges: Sequence[Sequence[str]]) -> str:
    """The largest q on a minimum spanning tree: of the weakest edge that the cluster cannot do without."""
    group: dict[str, set[str]] = {actor: {actor} for row in edges for actor in (row[1], row[2])}
    weakest = ""
    for row in sorted(edges, key=lambda row: (number(row[9]), row[1], row[2])):
        one, other = group[row[1]], group[row[2]]
        if one is not other:
            weakest = row[9]
            one |= other
            for actor in other:
                group[actor] = one
    return weakest


# ---------------------------------------------------------------------------------------------- markdown

_MARKDOWN = re.compile(r"([\\`*_{}\[\]<>#|~!&])")


def plain(text: str) -> str:
    """Other people's words inside our Markdown: nothing in them can become markup, a link or a new line."""
    visible = "".join(letter if letter.isprintable() else " " for letter in text)
    return _MARKDOWN.sub(r"\\\1", visible)


def markdown(statement: Mapping) -> str:
    """The statement as Markdown: every sentence with its type and the ids of its evidence. A pure function of
    `statement.json`, so that `verify` can write it again and compare."""
    lines = [f"# {plain(statement['title'])}", "", f"**{statement['review']}**", ""]
    for section in statement["sections"]:
        lines += [f"## {plain(section['title'])}", ""]
        for made in section["sentences"]:
            ids = ", ".join(given["id"] for given in made["evidence"])
            lines += [f"- **{made['type']}** {plain(says(made))} `[{made['id']}: {ids}]`"]
        lines.append("")
    lines += [f"**{statement['review']}**", "", "## Evidence", "", "| file | rows | Merkle root |", "|---|---|---|"]
    lines += [f"| evidence/{row['file']}.csv | {row['rows']} | {row['root']} |" for row in statement["evidence"]]
    lines += ["", "## Software", ""]
    lines += [f"- {plain(row['name'])} {plain(row['version'])}" for row in statement["software"]]
    return "\n".join(lines) + "\n"
