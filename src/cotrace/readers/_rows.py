"""CSV a block at a time: the common records by machine code, every other one by Python's reader of CSV.

A record that the machine code gives up on (another number of cells, something behind a closing quote, a byte that is
not UTF-8, a lone carriage return) is read alone, with as many lines as it takes; then the code goes on behind it.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
import polars as pl

from . import LINE, LONGEST, RECORD, Choose, Record, Slice, _scan

ROWS = 400_000  # records of a slice at the most; a block of posts has half as many


def slices(lines: Any, choose: Choose) -> Iterator[Slice]:
    """The records behind the header. `lines`: as `csv._Lines`."""
    header = tuple(lines.header)
    wanted = tuple(choose(header))
    slots = np.full(len(header), _scan.UNWANTED, np.int64)
    slots[[header.index(name) for name in wanted]] = np.arange(len(wanted))
    more = True
    while more:
        block = _Block(lines, wanted, slots)
        more = block.read()
        if block.rows or block.slowly:
            yield block.slice(header)


class _Block:
    """Some records that lie in one block of bytes."""

    def __init__(self, lines: Any, wanted: tuple[str, ...], slots: np.ndarray) -> None:
        self.lines, self.wanted, self.slots = lines, wanted, slots
        shape = (len(wanted), ROWS)
        self.starts, self.sizes = np.empty(shape, np.int64), np.empty(shape, np.int64)
        self.kinds = np.empty(shape, np.uint8)
        self.line, self.number = np.empty(ROWS, np.int64), np.empty(ROWS, np.int64)
        self.rows = 0
        self.slowly: list[Record] = []

    def read(self) -> bool:
        """Fill it; False: the file is at its end."""
        lines, buffer = self.lines, self.lines.buffer
        self.text = np.frombuffer(buffer.text, np.uint8)  # holds the bytes, also when the buffer goes on
        while self.rows < ROWS:
            row, at, line, odd = _scan.csv_records(
                self.text, buffer.at, buffer.ended, ord(lines.delimiter), len(self.slots), LONGEST, lines.number + 1,
                self.rows, self.slots, self.starts, self.sizes, self.kinds, self.line)
            self.number[self.rows : row] = np.arange(lines.records + 1, lines.records + 1 + row - self.rows)
            lines.records += row - self.rows
            lines.number, buffer.at, self.rows = line - 1, at, row
            if not odd:
                break
            before = buffer.text
            record = lines.record()
            if record is None:
                return False
            self.slowly.append(record)
            if buffer.text is not before:  # the record reached into the next block
                return True
        if self.rows == ROWS:
            return True
        buffer.kept = buffer.at
        return buffer.more() or (buffer.at < len(buffer.text))

    def slice(self, header: tuple[str, ...]) -> Slice:
        """What was read."""
        return Slice(header, self.rows + len(self.slowly), self._frame,
                     [one for one in self.slowly if one.cells is None])

    def _frame(self) -> pl.DataFrame:
        rows = self.rows
        frame = pl.DataFrame([
            pl.Series(RECORD, self.number[:rows]), pl.Series(LINE, self.line[:rows]),
            *(_scan.column(self.text, self.starts[slot, :rows], self.sizes[slot, :rows], self.kinds[slot, :rows],
                           quotes=True).alias(name) for slot, name in enumerate(self.wanted))])
        whole = [one for one in self.slowly if one.cells is not None]
        if not whole:
            return frame
        return pl.concat([frame, pl.DataFrame([
            pl.Series(RECORD, [one.number for one in whole]), pl.Series(LINE, [one.line for one in whole]),
            *(pl.Series(name, [(one.cells or {})[name] for one in whole], dtype=pl.String)
              for name in self.wanted)])]).sort(RECORD)
