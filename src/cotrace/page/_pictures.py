"""The pictures of a statement as inline SVG: a network, a timeline, observed against expected, placebo against real.

Pure functions from plain rows to text. No script, no colour of alarm, nothing that only colour tells: traces differ in
dash as well as in hue, and colours are classes of the page's style, so that print and dark mode can mend them.
Coordinates are rounded, so the same rows give the same bytes on every machine. A picture that leaves rows out returns
how many, and the page says so.
"""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from html import escape

NUMBERED = 36      # members; above it numbers inside the nodes would touch, so every fifth stands outside
MOST_EDGES = 1200  # lines; beyond it a circle is a grey disc
MOST_DOTS = 6000   # posts in one timeline, for the same reasons
MOST_BARS = 14     # rows of observed against expected; beyond it each edge is a dot in a plane
PILE = 20          # equal copies that are drawn one over the other; as many as a run has at the least
DAY_S = 86400


@dataclass(frozen=True)
class Picture:
    """An SVG, and what it does not show. `svg` is markup; `drawn` of `total` rows are in it."""

    svg: str
    drawn: int
    total: int


@dataclass(frozen=True)
class Axis:
    """From values to coordinates; `bend` makes room for the small ones and maps 0 to 0."""

    low: float
    high: float
    start: float
    end: float
    bend: Callable[[float], float] = float

    def __call__(self, value: float) -> float:
        reach = self.bend(max(self.high - self.low, 1e-9))
        return self.start + (self.end - self.start) * self.bend(max(0.0, value - self.low)) / reach


def network(key: str, members: int, edges: Sequence[tuple[int, int, int]], *, title: str, desc: str) -> Picture:
    """Members 1…n on a circle, a chord for each edge (a, b, style); members count from 0, the first edges are drawn."""
    drawn = list(edges[:MOST_EDGES])
    size = 340.0 if members <= 6 else 460.0
    radius = size / 2 - 52
    centre = size / 2
    spots = [_on_circle(centre, radius, place, members) for place in range(members)]
    chords: dict[int, list[str]] = {}
    for a, b, style in drawn:
        chords.setdefault(style, []).append(_chord(spots[a], spots[b], centre, style))
    faint = " faint" if len(drawn) > 300 else ""
    body = [f'<path class="edge t{style % 6}{faint}" d="{"".join(chords[style])}"/>' for style in sorted(chords)]
    body += _nodes(spots, centre, members)
    return Picture(_svg(key, size, size, title, desc, body, few=members <= 6), len(drawn), len(edges))


def _on_circle(centre: float, radius: float, place: int, places: int) -> tuple[float, float]:
    angle = 2 * math.pi * place / max(1, places) - math.pi / 2
    return centre + radius * math.cos(angle), centre + radius * math.sin(angle)


def _chord(a: tuple[float, float], b: tuple[float, float], centre: float, style: int) -> str:
    """A chord bent towards the middle, each trace a little more than the one before, so that layers do not hide."""
    bend = 0.30 + 0.16 * (style % 6)
    x = (a[0] + b[0]) / 2 * (1 - bend) + centre * bend
    y = (a[1] + b[1]) / 2 * (1 - bend) + centre * bend
    return f"M{_n(a[0])} {_n(a[1])}Q{_n(x)} {_n(y)} {_n(b[0])} {_n(b[1])}"


def _nodes(spots: Sequence[tuple[float, float]], centre: float, members: int) -> list[str]:
    body = []
    inside = members <= NUMBERED
    radius = 13.0 if members <= 24 else 10.5 if inside else max(1.6, min(5.0, 420 / members))
    for place, (x, y) in enumerate(spots):
        body.append(f'<circle class="node" cx="{_n(x)}" cy="{_n(y)}" r="{_n(radius)}"/>')
        if inside:
            body.append(f'<text class="num" x="{_n(x)}" y="{_n(y + 4.3)}">{place + 1}</text>')
        elif place == 0 or ((place + 1) % _stride(members) == 0 and place + 1 <= members - _stride(members) // 3):
            ox, oy = centre + (x - centre) * 1.10, centre + (y - centre) * 1.10
            body.append(f'<text class="num" x="{_n(ox)}" y="{_n(oy + 4.3)}">{place + 1}</text>')
    return body


def _stride(members: int) -> int:
    return next(step for step in (5, 10, 25, 50, 100, 250, 1000, 10**9) if members / step <= 32)


def timeline(key: str, members: int, meetings: Sequence[tuple[int, float, int, float]], *, title: str,
             desc: str) -> Picture:
    """One row a member, time from left to right; a dot a post, a line where two members acted together.

    meetings: (member, time, member, time), times in seconds since 1970 UTC.
    """
    drawn = meetings[: MOST_DOTS // 2]
    left, right, top, width = 44.0, 14.0, 14.0, 760.0
    row = max(2.2, min(20.0, 430 / max(1, members)))
    height = top + row * members + 34
    times = [time for meeting in drawn for time in (meeting[1], meeting[3])]
    first, last = (min(times), max(times)) if times else (0.0, 1.0)
    span = max(last - first, 60.0)
    across = Axis(first, first + span, left + 6, width - right - 6)
    level = Axis(-0.5, members - 0.5, top, top + row * members)
    body = _time_axis(first, span, across, top, top + row * members)
    body += [f'<path class="rule" d="{_rules(members, row, top, left, width - right)}"/>'] if row >= 6 else []
    for member in range(members):
        if row >= 12 or member == 0 or (member + 1) % _every(row) == 0:
            body.append(f'<text class="axis end" x="{_n(left - 8)}" y="{_n(level(member) + 4)}">{member + 1}</text>')
    ties = {f"M{_n(across(at))} {_n(level(a))}L{_n(across(bt))} {_n(level(b))}" for a, at, b, bt in drawn}
    dots = {f"M{_n(across(time))} {_n(level(member))}h0"
            for a, at, b, bt in drawn for member, time in ((a, at), (b, bt))}
    body.append(f'<path class="tie" d="{"".join(sorted(ties))}"/>')
    body.append(f'<path class="dot{" small" if row < 8 else ""}" d="{"".join(sorted(dots))}"/>')
    return Picture(_svg(key, width, height, title, desc, body), len(drawn), len(meetings))


def _rules(members: int, row: float, top: float, left: float, right: float) -> str:
    return "".join(f"M{_n(left)} {_n(top + row * (m + 0.5))}H{_n(right)}" for m in range(members))


def _every(row: float) -> int:
    return next(step for step in (2, 5, 10, 25, 50, 100, 10**9) if step * row >= 14)


STEPS_S = (60, 300, 900, 3600, 3 * 3600, 6 * 3600, 12 * 3600,
           *(days * DAY_S for days in (1, 2, 4, 7, 14, 30, 90, 180, 365, 1825, 7300)))


def _time_axis(first: float, span: float, across: Axis, top: float, bottom: float) -> list[str]:
    step = next((s for s in STEPS_S if span / s <= 8), STEPS_S[-1])
    spelled = "%H:%M" if step < DAY_S and span < DAY_S else "%d %b %H:%M" if step < DAY_S else "%d %b %Y"
    body, time, free = [], math.ceil(first / step) * step, 0.0
    while time <= first + span:
        x = across(time)
        body.append(f'<path class="grid" d="M{_n(x)} {_n(top)}V{_n(bottom + 4)}"/>')
        said = (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=time)).strftime(spelled)
        half = 3.6 * len(said)
        x = min(max(x, half), 758 - half)
        if x - half > free:
            body.append(f'<text class="axis" x="{_n(x)}" y="{_n(bottom + 20)}">{said}</text>')
            free = x + half + 6
        time += step
    return body


def against(key: str, rows: Sequence[tuple[str, float, float, int]], *, title: str, desc: str) -> Picture:
    """Expected (hollow) against observed (full) for rows of (label, expected, observed, style)."""
    if len(rows) > MOST_BARS:
        return _plane(key, rows, title, desc)
    left, width, row, top = 92.0, 460.0, 24.0, 8.0
    most = max([1.0, *(max(expected, observed) for _, expected, observed, _ in rows)])
    across = Axis(0, most, left, width - 22)
    bottom = top + row * len(rows)
    body = _count_axis(_ticks(most), across, top, bottom)
    for place, (label, expected, observed, style) in enumerate(rows):
        y = top + row * (place + 0.5)
        e, o = across(expected), across(observed)
        body.append(f'<text class="axis end" x="{_n(left - 10)}" y="{_n(y + 4)}">{_t(label)}</text>'
                    f'<path class="edge bar t{style % 6}" d="M{_n(e)} {_n(y)}H{_n(o)}"/>'
                    f'<circle class="hollow" cx="{_n(e)}" cy="{_n(y)}" r="5"/>'
                    f'<circle class="full" cx="{_n(o)}" cy="{_n(y)}" r="5.5"/>')
    return Picture(_svg(key, width, bottom + 30, title, desc, body), len(rows), len(rows))


def _plane(key: str, rows: Sequence[tuple[str, float, float, int]], title: str, desc: str) -> Picture:
    """Each edge a dot: expected to the right, observed upwards; on the diagonal chance explains all."""
    size, left, bottom, top = 460.0, 46.0, 400.0, 10.0
    most = max([1.0, *(max(expected, observed) for _, expected, observed, _ in rows)])
    across, up = Axis(0, most, left, size - 16, math.sqrt), Axis(0, most, bottom, top, math.sqrt)
    body = []
    for tick in _ticks(most, rooted=True):
        body.append(f'<path class="grid" d="M{_n(across(tick))} {_n(top)}V{_n(bottom)}M{_n(left)} {_n(up(tick))}'
                    f'H{_n(size - 16)}"/>'
                    f'<text class="axis" x="{_n(across(tick))}" y="{_n(bottom + 18)}">{tick}</text>'
                    f'<text class="axis end" x="{_n(left - 8)}" y="{_n(up(tick) + 4)}">{tick}</text>')
    body.append(f'<path class="diagonal" d="M{_n(left)} {_n(bottom)}L{_n(size - 16)} {_n(top)}"/>')
    body.append(f'<text class="axis" x="{_n((left + size) / 2)}" y="{_n(bottom + 38)}">expected by chance</text>'
                f'<text class="axis" transform="translate(12 {_n((top + bottom) / 2)}) rotate(-90)">observed</text>')
    drawn = rows[:MOST_DOTS]
    dots: dict[int, set[str]] = {}
    for _, expected, observed, style in drawn:
        dots.setdefault(style, set()).add(f"M{_n(across(expected))} {_n(up(observed))}h0")
    body += [f'<path class="spot t{style % 6}" d="{"".join(sorted(dots[style]))}"/>' for style in sorted(dots)]
    return Picture(_svg(key, size, bottom + 46, title, desc, body), len(drawn), len(rows))


def placebo(key: str, rows: Sequence[tuple[str, Sequence[int], int | None]], *, title: str, desc: str) -> Picture:
    """Edges found in copies without coordination (dots) and in the real data (line), a row for each method.

    rows: (label, edges of each copy, edges of the real data or None where that was not counted).
    """
    width, row, top, left = 760.0, 86.0, 6.0, 14.0
    most = max([1, *(value for _, copies, found in rows for value in (*copies, found or 0))])
    across = Axis(0, most, left + 8, width - 36, math.log1p)
    bottom = top + row * len(rows)
    body = _count_axis(_decades(most), across, top, bottom)
    for place, (label, copies, found) in enumerate(rows):
        y = top + row * place
        body.append(f'<path class="rule" d="M{_n(left)} {_n(y + 68)}H{_n(width - 20)}"/>'
                    f'<text class="label" x="{_n(left)}" y="{_n(y + 18)}">{_t(label)}</text>')
        for value in sorted(set(copies)):
            for pile in range(min(copies.count(value), PILE)):
                body.append(f'<circle class="copy" cx="{_n(across(value))}" cy="{_n(y + 68 - 1.9 * pile)}" r="4.5"/>')
        if found is not None:
            body.append(f'<path class="found" d="M{_n(across(found))} {_n(y + 50)}v32"/>'
                        f'<text class="label small" x="{_n(across(found) + 7)}" y="{_n(y + 60)}">{found:,}</text>')
    return Picture(_svg(key, width, bottom + 26, title, desc, body), len(rows), len(rows))


def key_to_traces(names: Iterable[str]) -> list[tuple[str, str]]:
    """(trace, small SVG of its line) for a legend; the place in the list is the style."""
    return [(name, f'<svg class="sample" viewBox="0 0 34 8" width="34" height="8" aria-hidden="true">'
                   f'<path class="edge t{place % 6}" d="M1 4H33"/></svg>') for place, name in enumerate(names)]


def _count_axis(ticks: Sequence[int], across: Axis, top: float, bottom: float) -> list[str]:
    return [f'<path class="grid" d="M{_n(across(tick))} {_n(top)}V{_n(bottom + 4)}"/>'
            f'<text class="axis" x="{_n(across(tick))}" y="{_n(bottom + 20)}">{tick}</text>' for tick in ticks]


def _ticks(most: float, *, rooted: bool = False) -> list[int]:
    """Whole numbers from 0 to `most`, at most six; on a root scale the low ones matter more."""
    if rooted:
        steps = [0, *(step * 10**power for power in range(9) for step in (1, 2, 5) if step * 10**power <= most)]
        return [tick for tick in steps if all(abs(math.sqrt(tick) - math.sqrt(kept)) > 0.08 * math.sqrt(most)
                                              for kept in steps if kept < tick)]
    step = next(step * 10**power for power in range(12) for step in (1, 2, 5) if most / (step * 10**power) <= 5)
    return list(range(0, int(most) + 1, step))


def _decades(most: int) -> list[int]:
    return [0, *(10**power for power in range(12) if 10**power <= most)]


def _n(value: float) -> str:
    """A coordinate with at most one decimal."""
    return f"{value:.1f}".removesuffix(".0")


def _t(text: str) -> str:
    return escape(text, quote=True)


def _svg(key: str, width: float, height: float, title: str, desc: str, body: Iterable[str], *, few: bool = False,
         ) -> str:
    box = f'viewBox="0 0 {_n(width)} {_n(height)}" role="img" aria-labelledby="{key}-t {key}-d"'
    return (f'<svg class="picture{" few" if few else ""}" {box}>'
            f'<title id="{key}-t">{_t(title)}</title><desc id="{key}-d">{_t(desc)}</desc>{"".join(body)}</svg>')
