"""Processes that decode pictures, one a thread, each replaced where a picture broke it."""

import os
import subprocess
import sys
import threading
from types import TracebackType

LONGEST_S = 30       # of one picture; the largest that is decoded takes under two on a slow machine
DIED = f"broke its decoder, or took it more than {LONGEST_S} s"
LENGTH_BYTES = 8     # of the length before a picture, little end first


class Decoders:
    """Hash and quality of pictures; `with` closes the processes."""

    def __init__(self) -> None:
        self._of_thread = threading.local()
        self._started: list[subprocess.Popen] = []

    def __enter__(self) -> "Decoders":
        return self

    def __exit__(self, kind: type[BaseException] | None, fault: BaseException | None, at: TracebackType | None) -> None:
        for process in self._started:
            process.kill()
            process.wait()
            for pipe in (process.stdin, process.stdout):
                if pipe:
                    pipe.close()

    def answer(self, raw: bytes) -> tuple[str, str]:
        """`(HASH, QUALITY)`, or `("-", why not)`."""
        process = self._process()
        if process.stdin is None or process.stdout is None:
            raise ValueError("a decoder is spoken to through pipes")
        late = threading.Timer(LONGEST_S, process.kill)
        late.start()
        try:
            process.stdin.write(len(raw).to_bytes(LENGTH_BYTES, "little") + raw)
            process.stdin.flush()
            said = process.stdout.readline().decode("ascii", errors="replace")
        except BrokenPipeError:
            said = ""
        finally:
            late.cancel()
        if not said.endswith("\n"):
            process.kill()
            process.wait()
            return "-", DIED
        first, _, rest = said.rstrip("\n").partition(" ")
        return first, rest

    def _process(self) -> subprocess.Popen:
        alive = getattr(self._of_thread, "process", None)
        if alive is None or alive.poll() is not None:
            alone = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}  # a picture is too small to share
            alive = subprocess.Popen([sys.executable, "-P", "-m", "cotrace.images._decoder"], stdin=subprocess.PIPE,
                                     stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env={**os.environ, **alone})
            self._of_thread.process = alive
            self._started.append(alive)
        return alive
