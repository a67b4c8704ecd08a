"""Where cells begin and end in text, found by machine code; nothing is decided here that a slow reader decides.

Each scan knows the common spelling of a record and gives up on every other one (a broken record, a key that is new, an
escape that makes half a character, a byte that is not UTF-8): those go to the reader that takes records one by one. So
a record that a scan does read is one that the slow reader reads as well, and to the same cells.
"""

import numba
import numpy as np
import polars as pl

PLAIN, ESCAPED, RESPELLED, LEFT = 0, 1, 2, 3  # cells: as it stands; with escapes; a list of words; left to Python
NOTHING = -1                                  # the record has no such cell
UNWANTED, NO_CELL = -1, -2                    # names: not asked for; only seen with an object behind it so far
DEEP = 60                                     # levels of brackets; deeper ones are left to Python
DIGITS = 4000                                 # of an integer; Python refuses to read more than 4300

# what a scan says of a line
READ, BLANK, ODD = 1, 0, 2

_fast = numba.njit(cache=True, nogil=True)


@_fast
def _utf8(text, at, end):
    """Bytes of the character that begins here; 0: it is none. As RFC 3629 has it, which is what Python reads."""
    first = text[at]
    if first < 0xC2 or first > 0xF4:
        return 0
    size = 2 if first < 0xE0 else 3 if first < 0xF0 else 4
    if at + size > end:
        return 0
    second = text[at + 1]
    low = 0xA0 if first == 0xE0 else 0x90 if first == 0xF0 else 0x80
    high = 0x9F if first == 0xED else 0x8F if first == 0xF4 else 0xBF
    if second < low or second > high:
        return 0
    for more in range(at + 2, at + size):
        if text[more] < 0x80 or text[more] > 0xBF:
            return 0
    return size


# ------------------------------------------------------------------------------------------------- JSON

@_fast
def _hex4(text, at, end):
    """The four hexadecimal digits here; -1: there are none."""
    if at + 4 > end:
        return -1
    value = 0
    for place in range(at, at + 4):
        sign = text[place]
        if 48 <= sign <= 57:
            value = value * 16 + sign - 48
        elif 97 <= sign <= 102:
            value = value * 16 + sign - 87
        elif 65 <= sign <= 70:
            value = value * 16 + sign - 55
        else:
            return -1
    return value


@_fast
def _escape(text, at, end):
    """Where the escape that begins with the backslash here ends; -1: it is broken, half a character, or NUL."""
    if at + 1 >= end:
        return -1
    sign = text[at + 1]
    if sign != 117:  # u
        for known in (34, 92, 47, 98, 102, 110, 114, 116):
            if sign == known:
                return at + 2
        return -1
    code = _hex4(text, at + 2, end)
    if code <= 0 or 0xDC00 <= code <= 0xDFFF:
        return -1
    if 0xD800 <= code <= 0xDBFF:
        if at + 7 >= end or text[at + 6] != 92 or text[at + 7] != 117:
            return -1
        other = _hex4(text, at + 8, end)
        return at + 12 if 0xDC00 <= other <= 0xDFFF else -1
    return at + 6


@_fast
def _string(text, at, end):
    """(the closing quote of the string that was opened before `at`, whether it has escapes); -1: give up."""
    escaped = False
    while at < end:
        sign = text[at]
        if sign == 34:
            return at, escaped
        if sign == 92:
            escaped = True
            at = _escape(text, at, end)
            if at < 0:
                return -1, escaped
        elif sign < 32:
            return -1, escaped
        elif sign < 128:
            at += 1
        else:
            size = _utf8(text, at, end)
            if size == 0:
                return -1, escaped
            at += size
    return -1, escaped


@_fast
def _space(text, at, end):
    while at < end and (text[at] == 32 or text[at] == 9 or text[at] == 10 or text[at] == 13):
        at += 1
    return at


@_fast
def _digits(text, at, end):
    while at < end and 48 <= text[at] <= 57:
        at += 1
    return at


@_fast
def _number(text, at, end):
    """(end of the number here, whether it is an integer spelled as Python spells it); -1: give up."""
    begin = at
    if text[at] == 45:
        at += 1
    first = at
    at = _digits(text, at, end)
    if at == first or (text[first] == 48 and at > first + 1) or at - first > DIGITS:
        return -1, False
    whole = not (text[begin] == 45 and text[first] == 48)
    if at < end and text[at] == 46:
        whole = False
        after = _digits(text, at + 1, end)
        if after == at + 1:
            return -1, False
        at = after
    if at < end and (text[at] == 101 or text[at] == 69):
        whole = False
        at += 1
        if at < end and (text[at] == 43 or text[at] == 45):
            at += 1
        after = _digits(text, at, end)
        if after == at:
            return -1, False
        at = after
    return at, whole


@_fast
def _literal(text, at, end):
    """End of true, false or null here; -1: none of them."""
    if at + 4 <= end and text[at] == 116 and text[at + 1] == 114 and text[at + 2] == 117 and text[at + 3] == 101:
        return at + 4
    if at + 4 <= end and text[at] == 110 and text[at + 1] == 117 and text[at + 2] == 108 and text[at + 3] == 108:
        return at + 4
    if (at + 5 <= end and text[at] == 102 and text[at + 1] == 97 and text[at + 2] == 108 and text[at + 3] == 115
            and text[at + 4] == 101):
        return at + 5
    return -1


@_fast
def _scalar(text, at, end):
    """(end of the string, number or literal here, whether it is a string without escapes); -1: give up."""
    sign = text[at]
    if sign == 34:
        close, escaped = _string(text, at + 1, end)
        return (close + 1 if close >= 0 else -1), not escaped
    if sign == 45 or 48 <= sign <= 57:
        return _number(text, at, end)[0], False
    return _literal(text, at, end), False


@_fast
def _nested(text, at, end):
    """(end of the list or object here, whether it is a list of words without escapes); -1: give up."""
    objects, depth, words = 0, 0, text[at] == 91
    while True:
        at = _space(text, at, end)
        if at >= end:
            return -1, False
        sign = text[at]
        if sign == 91 or sign == 123:  # [ {
            if depth >= DEEP:
                return -1, False
            words = words and depth == 0
            objects = (objects << 1) | (1 if sign == 123 else 0)
            depth += 1
            at = _space(text, at + 1, end)
            if at < end and text[at] == (125 if sign == 123 else 93):
                at += 1
                objects >>= 1
                depth -= 1
            else:
                if sign == 123:
                    at = _key(text, at, end)
                    if at < 0:
                        return -1, False
                continue
        else:
            at, word = _scalar(text, at, end)
            if at < 0:
                return -1, False
            words = words and word
        while depth > 0:  # what may follow a value
            at = _space(text, at, end)
            if at >= end:
                return -1, False
            sign = text[at]
            if sign == 44:
                at = _space(text, at + 1, end)
                if objects & 1:
                    at = _key(text, at, end)
                    if at < 0:
                        return -1, False
                break
            if sign != (125 if objects & 1 else 93):
                return -1, False
            at += 1
            objects >>= 1
            depth -= 1
        if depth == 0:
            return at, words


@_fast
def _key(text, at, end):
    """Where the value begins whose key begins here; -1: give up."""
    if at >= end or text[at] != 34:
        return -1
    close, _ = _string(text, at + 1, end)
    if close < 0:
        return -1
    at = _space(text, close + 1, end)
    if at >= end or text[at] != 58:
        return -1
    return _space(text, at + 1, end)


@_fast
def _known(text, begin, size, names, places, parents, parent, guess):
    """Which name this is, below its parent; -1: a new one. The guess is tried first."""
    for step in range(len(parents)):
        one = guess + step
        if one >= len(parents):
            one -= len(parents)
        if parents[one] == parent and places[one + 1] - places[one] == size:
            same = True
            for place in range(size):
                if text[begin + place] != names[places[one] + place]:
                    same = False
                    break
            if same:
                return one
    return -1


@_fast
def _mark(text, special):
    for at in range(len(text)):
        sign = text[at]
        special[at] = (sign == 34) | (sign == 92) | (sign < 32) | (sign > 127)


@_fast
def _marked(words, marks):
    """Where the ones are among bytes that are 0 or 1, given eight at a time."""
    count = np.uint64(0)
    for word in range(np.uint64(len(words))):
        eight = words[word]
        if eight:
            for place in range(np.uint64(8)):
                marks[count] = np.uint64(8) * word + place
                count += (eight >> (np.uint64(8) * place)) & np.uint64(1)
    return count


def marked(text: np.ndarray) -> np.ndarray:
    """Where quotes, backslashes, control characters and bytes beyond ASCII are; behind them a place beyond the text."""
    special = np.zeros((len(text) + 7) // 8 * 8, np.uint8)
    _mark(text, special)
    marks = np.empty(int(np.count_nonzero(special)) + 9, np.int32)
    count = int(_marked(special.view(np.uint64), marks))
    marks[count] = 2**31 - 1
    return marks[: count + 1]


@_fast
def _close(text, marks, mark, at, end):
    """(the closing quote of the string that was opened before `at`, whether it has escapes, the mark); -1: give up."""
    while marks[mark] < at:
        mark += 1
    place = np.int64(marks[mark])
    if place < end and text[place] == 34:
        return place, False, mark + 1
    close, escaped = _string(text, min(place, end), end)
    return close, escaped, mark


@_fast
def json_line(text, marks, mark, at, end, row, names, places, parents, slots, seen, starts, sizes, kinds):
    """Read the object of one line into row `row`.

    Returns:
        Whether it was read (else what is in the row does not count), and the mark.
    """
    at = _space(text, at, end)
    if at >= end or text[at] != 123:
        return False, mark
    above = np.empty(8, np.int64)  # the names of the objects that are open
    depth, parent, guess, first = 0, -1, 0, True
    at += 1
    while True:
        at = _space(text, at, end)
        if at >= end:
            return False, mark
        if text[at] == 125 or not first:
            while text[at] == 125:
                if depth == 0:
                    return _space(text, at + 1, end) == end, mark
                depth -= 1
                parent = above[depth]
                first = False
                at = _space(text, at + 1, end)
                if at >= end:
                    return False, mark
            if text[at] != 44:
                return False, mark
            at = _space(text, at + 1, end)
        if at >= end or text[at] != 34:
            return False, mark
        close, escaped, mark = _close(text, marks, mark, at + 1, end)
        if close < 0 or escaped:
            return False, mark
        name = _known(text, at + 1, close - at - 1, names, places, parents, parent, guess)
        if name < 0 or seen[name] == row:
            return False, mark
        seen[name] = row
        guess = name + 1
        at = _space(text, close + 1, end)
        if at >= end or text[at] != 58:
            return False, mark
        at = _space(text, at + 1, end)
        if at >= end:
            return False, mark
        if text[at] == 123:
            if depth == 6:
                return False, mark
            above[depth] = parent
            depth += 1
            parent, first = name, True
            at += 1
            continue
        if slots[name] == NO_CELL:
            return False, mark
        first = False
        at, mark = _cell(text, marks, mark, at, end, row, slots[name], starts, sizes, kinds)
        if at < 0:
            return False, mark


@_fast
def _cell(text, marks, mark, at, end, row, slot, starts, sizes, kinds):
    """The value here that is no object, put into its place; returns its end (-1: give up) and the mark."""
    begin, kind, sign = at, PLAIN, text[at]
    if sign == 34:
        close, escaped, mark = _close(text, marks, mark, at + 1, end)
        if close < 0:
            return -1, mark
        at, begin, size = close + 1, begin + 1, close - begin - 1
        kind = ESCAPED if escaped else PLAIN
    elif sign == 91:
        at, words = _nested(text, at, end)
        size = at - begin
        kind = RESPELLED if words else LEFT
    elif sign == 45 or 48 <= sign <= 57:
        at, whole = _number(text, at, end)
        size = at - begin
        kind = PLAIN if whole else LEFT
    else:
        at = _literal(text, at, end)
        size = NOTHING if sign == 110 else at - begin
    if at >= 0 and slot >= 0:
        starts[slot, row] = begin
        sizes[slot, row] = size
        kinds[slot, row] = kind
    return at, mark


@_fast
def json_lines(text, marks, ends, longest, told, begin, names, places, parents, slots, starts, sizes, kinds):
    """What is on each line from `begin` on, one row a line; returns the first that is odd, for it may bring new names.

    Args:
        ends: where each line ends, its line end included.
        told: to be filled, u8: READ, BLANK or ODD.
        names, places, parents, slots: of each name its bytes, where they begin, below which name, into which column.
        starts, sizes, kinds: [columns, rows], to be filled.
    """
    seen = np.full(len(parents), -1, np.int64)
    mark = np.searchsorted(marks, ends[begin - 1] if begin else 0)
    for row in range(begin, len(ends)):
        at = ends[row - 1] if row else 0
        end = ends[row]
        first = at
        while first < end and (9 <= text[first] <= 13 or text[first] == 32):
            first += 1
        if first == end:
            told[row] = BLANK
            continue
        told[row] = READ
        whole = False
        if end - at < longest:
            whole, mark = json_line(text, marks, mark, at, end, row, names, places, parents, slots, seen, starts,
                                    sizes, kinds)
        if not whole:
            told[row] = ODD
            for slot in range(len(starts)):
                sizes[slot, row] = NOTHING
            return row
    return len(ends)


# -------------------------------------------------------------------------------------------------- CSV

@_fast
def csv_records(text, at, last, delimiter, width, longest, line, row, slots, starts, sizes, kinds, lines):
    """Records from `at` on, as long as each has one cell for each of the header.

    Args:
        last: whether the file ends with this text.
        line: number of the line at `at`.
        row: the first row to be filled of starts, sizes, kinds [columns, rows] and lines [rows].

    Returns:
        The first row that was not filled; where its record begins; the number of its line; whether it is odd (else it
        may go on behind this text, or the text is at its end, or there is no row left).
    """
    end = len(text)
    while at < end and row < len(lines):
        begin, first = at, line
        while at < end and (text[at] == 10 or text[at] == 13):
            at += 1
        if at > begin:  # blank lines are no records; a lone CR before text is odd
            if at == end and not last:
                return row, begin, line, False
            if text[at - 1] != 10 and at < end:
                return row, begin, line, True
            for place in range(begin, at):
                line += text[place] == 10
            continue
        column = 0
        while True:
            at, size, start, kind, more = _csv_cell(text, at, end, delimiter)
            if at < 0 or column == width or at - begin >= longest:
                return row, begin, first, at != -2 or last or end - begin >= longest
            slot = slots[column]
            if slot >= 0:
                starts[slot, row] = start
                sizes[slot, row] = size
                kinds[slot, row] = kind
            line += more
            column += 1
            if at < end and text[at] == delimiter:
                at += 1
                continue
            break
        if column != width:
            return row, begin, first, True
        if at < end and text[at] == 13:
            at += 1
            if at < end and text[at] != 10:
                return row, begin, first, True
        if at >= end:
            if not last:
                return row, begin, first, False
        else:
            at += 1
        lines[row] = first
        line += 1
        row += 1
    return row, at, line, False


@_fast
def _csv_cell(text, at, end, delimiter):
    """(its end, size, start, kind, lines that end in it); the end is -1: give up, -2: it goes on behind this text."""
    if at < end and text[at] == 34:
        return _csv_quoted(text, at + 1, end, delimiter)
    start = at
    while at < end:
        sign = text[at]
        if sign == delimiter or sign == 10 or sign == 13:
            return at, at - start, start, PLAIN, 0
        if sign == 0:
            return -1, 0, 0, PLAIN, 0
        if sign < 128:
            at += 1
        else:
            size = _utf8(text, at, end)
            if size == 0:
                return -1, 0, 0, PLAIN, 0
            at += size
    return at, at - start, start, PLAIN, 0


@_fast
def _csv_quoted(text, at, end, delimiter):
    start, kind, lines = at, PLAIN, 0
    while at < end:
        sign = text[at]
        if sign == 34:
            if at + 1 < end and text[at + 1] == 34:
                kind = ESCAPED
                at += 2
                continue
            after = at + 1
            if after < end and text[after] != delimiter and text[after] != 10 and text[after] != 13:
                return -1, 0, 0, PLAIN, 0
            return after, at - start, start, kind, lines
        if sign == 0:
            return -1, 0, 0, PLAIN, 0
        if sign < 128:
            lines += sign == 10
            at += 1
        else:
            size = _utf8(text, at, end)
            if size == 0:
                return -1, 0, 0, PLAIN, 0
            at += size
    return -2, 0, 0, PLAIN, 0


# ------------------------------------------------------------------------------------------------ cells

@_fast
def _copied(text, begin, size, out, to):
    for place in range(size):  # unsigned: no place can be counted from the end, so it is copied many bytes at once
        out[to + place] = text[begin + place]


@_fast
def _gathered(text, starts, sizes, kinds, quotes, out):
    """The cells of one column, each with NUL behind it; returns the bytes written and the cells."""
    at, count = 0, 0
    for row in range(len(starts)):
        size = sizes[row]
        if size < 0 or kinds[row] == LEFT:
            continue
        begin = starts[row]
        if kinds[row] == PLAIN:
            _copied(text, np.uint64(begin), np.uint64(size), out, np.uint64(at))
            at += size
        elif kinds[row] == RESPELLED:
            at = _respelled(text, begin, begin + size, out, at)
        elif quotes:
            at = _undoubled(text, begin, begin + size, out, at)
        else:
            at = _unescaped(text, begin, begin + size, out, at)
        out[at] = 0
        at += 1
        count += 1
    return at, count


@_fast
def _undoubled(text, at, end, out, to):
    while at < end:
        out[to] = text[at]
        at += 2 if text[at] == 34 else 1
        to += 1
    return to


@_fast
def _unescaped(text, at, end, out, to):
    while at < end:
        sign = text[at]
        if sign != 92:
            out[to] = sign
            at += 1
            to += 1
            continue
        sign = text[at + 1]
        if sign == 117:
            code = _hex4(text, at + 2, end)
            at += 6
            if 0xD800 <= code <= 0xDBFF:
                code = 0x10000 + ((code - 0xD800) << 10) + _hex4(text, at + 2, end) - 0xDC00
                at += 6
            to = _encoded(code, out, to)
            continue
        plain = sign
        if sign == 98:
            plain = 8
        elif sign == 102:
            plain = 12
        elif sign == 110:
            plain = 10
        elif sign == 114:
            plain = 13
        elif sign == 116:
            plain = 9
        out[to] = plain
        at += 2
        to += 1
    return to


@_fast
def _encoded(code, out, to):
    if code < 0x80:
        out[to] = code
        return to + 1
    if code < 0x800:
        out[to] = 0xC0 | code >> 6
    elif code < 0x10000:
        out[to] = 0xE0 | code >> 12
    else:
        out[to] = 0xF0 | code >> 18
        to += 1
        out[to] = 0x80 | code >> 12 & 0x3F
    if code >= 0x800:
        to += 1
        out[to] = 0x80 | code >> 6 & 0x3F
    out[to + 1] = 0x80 | code & 0x3F
    return to + 2


@_fast
def _respelled(text, at, end, out, to):
    """A list of words without escapes, with the spaces that Python writes."""
    inside = False
    while at < end:
        sign = text[at]
        at += 1
        if sign == 34:
            inside = not inside
        if not inside and (sign == 32 or sign == 9 or sign == 10 or sign == 13):
            continue
        out[to] = sign
        to += 1
        if not inside and sign == 44:
            out[to] = 32
            to += 1
    return to


def column(text: np.ndarray, starts: np.ndarray, sizes: np.ndarray, kinds: np.ndarray, *, quotes: bool,
           left: dict[int, str | None] | None = None) -> pl.Series:
    """The cells of one column.

    Args:
        text: the bytes that the cells stand in.
        starts, sizes, kinds: one entry a row; a size below zero is null.
        quotes: whether escapes are doubled quotes (CSV) or those of JSON.
        left: row → cell, of those that were left to Python.
    """
    there = sizes >= 0
    room = int(sizes[there].sum()) + int(there.sum()) + 1
    room += int(sizes[kinds == RESPELLED].clip(0).sum())
    out = np.empty(room, np.uint8)
    size, count = _gathered(text, starts, sizes, kinds, quotes, out)
    whole = pl.Series([out[: max(size - 1, 0)].tobytes()], dtype=pl.Binary).cast(pl.String)
    cells = whole.str.split("\0").explode() if count else pl.Series([], dtype=pl.String)
    if count == len(there):
        return cells
    rest = left or {}
    places = np.zeros(len(there), np.int64)
    here = there & (kinds != LEFT)
    places[here] = np.arange(count)
    for number, row in enumerate(rest):
        places[row] = count + number
    known = here
    known[list(rest)] = True
    index = pl.DataFrame({"at": places, "known": known}).select(pl.when("known").then("at")).to_series()
    return pl.concat([cells, pl.Series(list(rest.values()), dtype=pl.String)]).gather(index)
