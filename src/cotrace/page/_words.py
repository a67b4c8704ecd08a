"""Other people's words and our numbers, as they may stand on a page.

Posts are hostile: markup is escaped, what is invisible or turns the direction of writing is shown as its code, towers
of combining marks are cut at a height and the cut is shown. Nothing is left out in silence.
"""

import unicodedata
from difflib import SequenceMatcher
from functools import lru_cache

from markupsafe import Markup, escape

ALLOWED = frozenset("\n\t\u200c\u200d")  # the joiners belong to Persian, Hindi and emoji
MARKS = 4           # combining marks on one letter; Hebrew and Vietnamese need three, the rest is a tower
COMPARED = 600      # words; longer texts are shown without marking where they differ, because comparing is quadratic
SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def shown(text: str) -> Markup:
    """Words of others, isolated from the direction of ours, with everything invisible made visible."""
    return Markup("<bdi>{}</bdi>").format(visible(text))


def visible(text: str) -> Markup:
    """Escaped text in which control, direction and unassigned characters stand as their codes."""
    written, marks = [], 0
    for letter in text:
        kind = _kind(letter)
        if kind == "mark":
            marks += 1
            if marks > MARKS:
                continue
        elif marks > MARKS:
            written.append(_code(f"+{marks - MARKS} marks"))
        marks = marks if kind == "mark" else 0
        written.append(_code(f"U+{ord(letter):04X}") if kind == "code" else escape(letter))
    if marks > MARKS:
        written.append(_code(f"+{marks - MARKS} marks"))
    return Markup("").join(written)


@lru_cache(maxsize=4096)
def _kind(letter: str) -> str:
    category = unicodedata.category(letter)
    if letter in ALLOWED:
        return "letter"
    if category in ("Mn", "Me"):
        return "mark"
    return "code" if category in ("Cc", "Cf", "Co", "Cs", "Zl", "Zp") else "letter"


def _code(what: str) -> Markup:
    return Markup('<span class="code">{}</span>').format(what)


def beside(one: str, other: str) -> tuple[Markup, Markup]:
    """Two texts, each with the words marked that the other does not have; unmarked where that is most of them."""
    first, second = _words(one), _words(other)
    if one == other or max(len(first), len(second)) > COMPARED:
        return visible(one), visible(other)
    same = SequenceMatcher(None, first, second, autojunk=False).get_matching_blocks()
    if 2 * sum(block.size for block in same) < max(len(first), len(second)):
        return visible(one), visible(other)
    return (_marked(first, [(block.a, block.a + block.size) for block in same]),
            _marked(second, [(block.b, block.b + block.size) for block in same]))


def _words(text: str) -> list[str]:
    """Words with the space after them, so that joining gives the text."""
    words, start = [], 0
    for at in range(1, len(text)):
        if text[at - 1].isspace() and not text[at].isspace():
            words.append(text[start:at])
            start = at
    return [*words, text[start:]] if text else []


def _marked(words: list[str], same: list[tuple[int, int]]) -> Markup:
    written, at = [], 0
    for start, end in same:
        if start > at:
            differs = "".join(words[at:start])
            bare = differs.rstrip()
            written += [Markup('<span class="differs">{}</span>').format(visible(bare)), visible(differs[len(bare):])]
        written.append(visible("".join(words[start:end])))
        at = end
    return Markup("").join(written)


def whole(number: str | int) -> str:
    """1234567 → 1,234,567; anything else as it is."""
    return f"{int(number):,}" if str(number).lstrip("-").isdigit() else str(number)


def short(number: str) -> str:
    """A decimal string at three significant digits: 0.0123, 1,880, 1.2·10⁻⁹; what is no number stays as it is."""
    try:
        rounded = f"{float(number):.3g}"
    except ValueError:
        return number
    if 1000 <= abs(float(rounded)) < 1e6:
        return f"{round(float(rounded)):,}"
    head, _, power = rounded.partition("e")
    return f"{head}·10{str(int(power)).translate(SUPERSCRIPT)}" if power else head


def apart(seconds: str) -> str:
    """A distance in time in at most two units: 12 s, 4 min 10 s, 2 h 5 min, 3 d 4 h; without its sign."""
    try:
        exact = abs(float(seconds))
    except ValueError:
        return seconds
    if exact < 60:
        return f"{exact:.3g} s"
    rest = round(exact)
    units = (("d", 86400), ("h", 3600), ("min", 60), ("s", 1))
    largest = next(place for place, (_, size) in enumerate(units) if rest >= size)
    said = []
    for name, size in units[largest : largest + 2]:
        count, rest = divmod(rest, size)
        said += [f"{count} {name}"] if count else []
    return " ".join(said)


def moment(cell: str) -> str:
    """2016-03-01T12:00:00.5Z → 2016-03-01 12:00:00; the zone stands in the head of the column."""
    return cell.removesuffix("Z").partition(".")[0].replace("T", " ")
