"""JSON Lines a block at a time: the common lines by machine code, every other one by the reader of single lines.

Which names there are is learned from the lines that the machine code gives up on; the first line is always one. So the
columns are known in the very order in which the slow reader meets them.
"""

import functools
from collections.abc import Callable, Iterator
from typing import Any, BinaryIO

import numpy as np
import polars as pl

from . import LINE, LONGEST, RECORD, Choose, Record, Slice, _scan, jsonl, layouts, unwraps

BLOCK = 32 * 2**20  # bytes: some 100,000 posts
NAMES = 400         # more names of cells than any platform has: such a file is read line by line
PATIENCE = 2000     # odd lines before it is asked whether most are
_json_lines: Any = _scan.json_lines
Apart = Callable[[bytes, int, list], list[Record]]


def blocks(first: bytes, file: BinaryIO) -> Iterator[bytes]:
    """Whole lines, `first` and what follows; of a line that is too long, more than that and not its end."""
    piece = first
    while piece or (piece := file.read(BLOCK)):
        if not piece.endswith(b"\n"):
            piece += (rest := file.readline(LONGEST))
            if len(rest) == LONGEST and not rest.endswith(b"\n"):
                while (more := file.readline(LONGEST)) and not more.endswith(b"\n"):
                    pass
        yield piece
        piece = b""


def slices(first: bytes, file: BinaryIO, choose: Choose, apart: Apart) -> Iterator[Slice]:
    """As `jsonl.slices`."""
    names, records, lines = Names(choose), 0, 0
    for piece in blocks(first, file):
        block = _Block(piece, lines + 1, names, apart)
        found = block.read(records)
        records += found.records
        lines += len(block.ends)
        yield found


class Names:
    """The names of cells that were met, as the machine code looks them up."""

    def __init__(self, choose: Choose) -> None:
        self.choose = choose
        self.known: dict[str, None] = {}                       # dotted, in the order they were met
        self.wanted: tuple[str, ...] = ()
        self.entries: dict[tuple[int, bytes], int] = {}        # (above, name) → its number
        self.dotted: list[str] = []
        self.cells: set[int] = set()                           # entries that were met with something but an object
        self.hooks = unwraps()
        self.pages = [getattr(module, "UNWRAPS", ((),)) for module in layouts() if hasattr(module, "unwrap")]
        self.slow = False                                      # line by line from here on
        self.odd = self.read = 0
        self._table()

    def met(self, record: Record) -> bool:
        """Hear of a record of the slow reader; True: other columns are wanted now."""
        if record.cells is None or record.cells.keys() <= self.known.keys():
            return False
        self.known.update(dict.fromkeys(record.cells))
        wanted = tuple(self.choose(tuple(self.known)))
        changed, self.wanted = wanted != self.wanted, wanted
        return changed

    def learn(self, value: dict) -> None:
        """Hear of the object behind a record, one that no layout unwraps."""
        waiting: list[tuple[int, str, dict, int]] = [(-1, "", value, 0)]
        before = len(self.entries), len(self.cells)
        while waiting:
            above, prefix, level, depth = waiting.pop()
            for name, cell in level.items():
                number = self.entries.setdefault((above, name.encode("utf-8")), len(self.dotted))
                if number == len(self.dotted):
                    self.dotted.append(prefix + name)
                if isinstance(cell, dict) and depth < jsonl.DEEPEST:
                    waiting.append((number, prefix + name + ".", cell, depth + 1))
                else:
                    self.cells.add(number)
        if (len(self.entries), len(self.cells)) != before:
            here = {name.decode() for above, name in self.entries if above < 0}
            self.slow = (self.slow or len(set(self.dotted)) < len(self.dotted) or len(self.dotted) > NAMES
                         or any(set(names) <= here for page in self.pages for names in page))

    def _table(self) -> None:
        spelled = [name for _, name in self.entries]
        self.names = np.frombuffer(b"".join(spelled) or b"\0", np.uint8)
        self.places = np.concatenate([[0], np.cumsum([len(name) for name in spelled])]).astype(np.int64)
        self.parents = np.array([above for above, _ in self.entries], np.int64)
        slots = {name: slot for slot, name in enumerate(self.wanted)}
        self.slots = np.array([slots.get(name, _scan.UNWANTED) if number in self.cells else _scan.NO_CELL
                               for number, name in enumerate(self.dotted)], np.int64)

    def lookup(self) -> tuple[np.ndarray, ...]:
        """What the machine code is given."""
        self._table()
        return self.names, self.places, self.parents, self.slots


class _Block:
    """Some lines of a file."""

    def __init__(self, piece: bytes, line: int, names: Names, apart: Apart) -> None:
        self.piece, self.line, self.names, self.apart = piece, line, names, apart
        self.text = np.frombuffer(piece, np.uint8)
        self.marks = _scan.marked(self.text)
        ends = self.marks[:-1][self.text[self.marks[:-1]] == 10].astype(np.int64) + 1
        self.ends = ends if piece.endswith(b"\n") else np.append(ends, len(piece))
        self.told = np.zeros(len(self.ends), np.uint8)
        self.slowly: dict[int, list[Record]] = {}              # lines that the slow reader took apart

    def read(self, before: int) -> Slice:
        """The records of these lines; `before`: how many the file has before them."""
        row, table = 0, None
        while row < len(self.ends):
            if self.names.slow:
                self.told[row] = _scan.ODD
            else:
                if table is None:
                    table = self._table()
                row = _json_lines(self.text, self.marks, self.ends, LONGEST, self.told, row, *self.names.lookup(),
                                  *table)
                if row == len(self.ends):
                    break
            if self._odd(row):
                table, row = None, -1
            row += 1
        self.names.read += len(self.ends)
        return self._slice(before, table if table is not None else self._table())

    def _table(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        shape = (len(self.names.wanted), len(self.ends))
        return np.zeros(shape, np.int64), np.full(shape, _scan.NOTHING, np.int64), np.zeros(shape, np.uint8)

    def _odd(self, row: int) -> bool:
        """Read one line slowly; True: the lines before have to be looked at again, for other columns are wanted."""
        if row in self.slowly:
            return False
        raw = self.piece[self.ends[row - 1] if row else 0 : self.ends[row]]
        records = self.slowly[row] = self.apart(raw, self.line + row, self.names.hooks)
        again = any([self.names.met(record) for record in records])
        if len(records) == 1 and records[0].cells is not None and not self.names.slow:
            value = jsonl.decoded(raw.removeprefix(b"\xef\xbb\xbf"))
            if isinstance(value, dict) and all(hook(value) is None for hook in self.names.hooks):
                self.names.learn(value)
        self.names.odd += 1
        if self.names.odd > PATIENCE and 2 * self.names.odd > self.names.read + row:
            self.names.slow = True
        return again

    def _slice(self, before: int, table: tuple[np.ndarray, np.ndarray, np.ndarray]) -> Slice:
        self.told[list(self.slowly)] = _scan.ODD  # what they taught may have made them readable since
        read = self.told == _scan.READ
        counts = read.astype(np.int64)
        for row, records in self.slowly.items():
            counts[row] = len(records)
        numbers = before + np.cumsum(counts) - counts + 1
        slow = [Record(int(numbers[row]) + place, one.line, one.cells, one.fault, one.found)
                for row, records in sorted(self.slowly.items()) for place, one in enumerate(records)]
        return Slice(tuple(self.names.known), int(counts.sum()),
                     functools.partial(self._frame, self.names.wanted, numbers, slow, table),
                     [one for one in slow if one.cells is None])

    def _frame(self, wanted: tuple[str, ...], numbers: np.ndarray, slow: list[Record],
               table: tuple[np.ndarray, np.ndarray, np.ndarray]) -> pl.DataFrame:
        read = self.told == _scan.READ
        frame = pl.DataFrame([
            pl.Series(RECORD, numbers[read]), pl.Series(LINE, np.flatnonzero(read) + self.line),
            *(self._column(slot, read, table).alias(name) for slot, name in enumerate(wanted))])
        whole = [one for one in slow if one.cells is not None]
        if not whole:
            return frame
        return pl.concat([frame, pl.DataFrame([
            pl.Series(RECORD, [one.number for one in whole]), pl.Series(LINE, [one.line for one in whole]),
            *(pl.Series(name, [(one.cells or {}).get(name) for one in whole], dtype=pl.String)
              for name in wanted)])]).sort(RECORD)

    def _column(self, slot: int, read: np.ndarray, table: tuple[np.ndarray, np.ndarray, np.ndarray]) -> pl.Series:
        starts, sizes, kinds = (part[slot][read] for part in table)
        left = {int(row): jsonl.spelled(jsonl.decoded(self.piece[starts[row] : starts[row] + sizes[row]]))
                for row in np.flatnonzero((sizes >= 0) & (kinds == _scan.LEFT))}
        return _scan.column(self.text, starts, sizes, kinds, quotes=False, left=left)
