"""What does not fit into memory is counted on disk, and is the same count; whatever goes wrong there is told."""

import os
import resource
import subprocess
import sys

import numpy as np
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from test_engines import acts, table, viral

from cotrace import engines
from cotrace.engines import _spill, reference
from cotrace.errors import InputError


def coded(actions):
    """Actions as codes, and what the codes stand for."""
    events = engines.encode(actions)
    frame = pl.DataFrame({name: getattr(events, name) for name in _spill.CODES})
    return frame, {"actors": events.actors, "kind": events.kind, "kinds": events.kinds}


def cut(frame, slices, seed):
    """Slices of rows in no order, some of them twice."""
    if frame.is_empty():
        return [frame] * slices
    mixed = pl.concat([frame, frame.head(3)]).sample(fraction=1, shuffle=True, seed=seed)
    ends = sorted(np.random.default_rng(seed).integers(0, len(mixed) + 1, slices - 1).tolist())
    return [mixed[first:last] for first, last in zip([0, *ends], [*ends, len(mixed)], strict=True)]


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(actions=acts, windows=st.lists(st.sampled_from([0, 1, 10, 60, 1800, 90_000]), min_size=1, max_size=4),
       least=st.integers(1, 3), slices=st.integers(1, 5), shards=st.sampled_from([1, 2, 7]),
       limit=st.sampled_from([None, 0, 2, 4]), held=st.sampled_from([50, 2**25]), seed=st.integers(0, 9))
def test_any_split_and_any_number_of_shards_gives_what_the_reference_gives(tmp_path, actions, windows, least, slices,
                                                                         shards, limit, held, seed):
    frame, names = coded(actions)

    with pytest.MonkeyPatch.context() as few:
        few.setattr(_spill, "HELD", held)
        found = _spill.pairs(cut(frame, slices, seed), windows, least, **names, workers=2, common_property=limit,
                             folder=tmp_path, shards=shards)

    assert found.equals(reference.pairs(engines.encode(actions), windows, least, common_property=limit))
    assert os.listdir(tmp_path) == []


def test_codes_of_objects_and_posts_need_no_order_and_no_names(tmp_path):
    frame, names = coded(table(("a", "o", 0), ("b", "o", 5), ("a", "p", 90), ("b", "p", 92), ("c", "q", 0)))
    apart = frame.with_columns(object=2_000_000_000 - 7 * pl.col("object"), post=2_000_000_000 - pl.col("post"))

    found = _spill.pairs([apart.drop("by")], [10], **names, folder=tmp_path)

    assert found["objects"].to_list() == [2]


@pytest.mark.parametrize("change", [{"actor": -1}, {"actor": 99}, {"object": -1}, {"post": None}, {"by": -2},
                                    {"at": "x"}])
def test_a_code_that_stands_for_nothing_is_refused_and_nothing_is_left(tmp_path, change):
    frame, names = coded(table(("a", "o", 0), ("b", "o", 5)))
    wrong = frame.with_columns(pl.lit(value).alias(name) for name, value in change.items())

    with pytest.raises(InputError, match="codes"):
        _spill.pairs([frame, wrong], [10], **names, folder=tmp_path)

    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("cut_off", [1, 24, 10**9])
def test_a_shard_that_was_cut_off_is_refused(tmp_path, cut_off):
    frame, names = coded(table(*[(actor, "o", second) for second in range(9) for actor in "ab"]))

    with _spill.Spill(**names, folder=tmp_path, shards=1) as spill, pytest.raises(InputError, match="cut it off"):
        spill.add(frame)
        os.truncate(spill.path(0), max(0, 24 * len(frame) - cut_off))
        spill.pairs([10])

    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("sorted_", [False, True])
def test_a_shard_that_was_overwritten_is_refused_and_points_nowhere(tmp_path, sorted_):
    frame, names = coded(table(*[(actor, "o", second) for second in range(9) for actor in "ab"]))

    with (_spill.Spill(**names, folder=tmp_path, shards=2) as spill,
          pytest.raises(InputError, match="not written there")):
        spill.add(frame)
        if sorted_:
            spill._close()
            spill._sort(10, None)
        size = spill.path(0).stat().st_size
        spill.path(0).write_bytes(b"\x7f" * size)
        spill._counted(engines.windows_us([10]), 1, 1) if sorted_ else spill.pairs([10])


def test_a_shard_that_is_gone_is_refused(tmp_path):
    frame, names = coded(table(("a", "o", 0), ("b", "o", 5)))

    with _spill.Spill(**names, folder=tmp_path, shards=1) as spill, pytest.raises(InputError, match="is gone"):
        spill.add(frame)
        spill.path(0).unlink()
        spill.pairs([10])


def test_a_full_disk_is_told_and_nothing_half_written_is_left(tmp_path):
    frame, names = coded(viral(3000))
    before = resource.getrlimit(resource.RLIMIT_FSIZE)

    resource.setrlimit(resource.RLIMIT_FSIZE, (40_000, before[1]))  # a file may not be longer: the disk's own refusal
    try:
        with pytest.raises(InputError, match=r"(?s)cannot hold them.*TMPDIR"):
            _spill.pairs([frame], [10], **names, folder=tmp_path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)

    assert os.listdir(tmp_path) == []


def test_a_folder_that_is_not_there_is_told(tmp_path):
    frame, names = coded(table(("a", "o", 0)))

    with pytest.raises(InputError, match="nowhere"):
        _spill.pairs([frame], [10], **names, folder=tmp_path / "nowhere")


def test_slices_that_break_off_leave_nothing(tmp_path):
    frame, names = coded(table(("a", "o", 0), ("b", "o", 5)))

    def broken():
        yield frame
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        _spill.pairs(broken(), [10], **names, folder=tmp_path)

    assert os.listdir(tmp_path) == []


OUT_OF_MEMORY = """
import os, resource, sys
import numpy as np, polars as pl
from cotrace.engines import _spill
from cotrace.errors import InputError
def crowd(people):
    return pl.DataFrame({"object": np.zeros(people, np.int32), "at": np.arange(people), "post": np.arange(people),
                         "actor": np.arange(people)})
names = {"actors": [f"{n:05}" for n in range(30_000)], "kind": np.zeros(30_000, np.int8), "kinds": ["account"]}
_spill.pairs([crowd(9)], [60], **names, folder=sys.argv[1])
held = int(open("/proc/self/statm").read().split()[0]) * os.sysconf("SC_PAGE_SIZE")
resource.setrlimit(resource.RLIMIT_AS, (held + 2**29, held + 2**29))
try:
    _spill.pairs([crowd(30_000)], [60], **names, folder=sys.argv[1])   # 450 million pairs: 3.4 GiB of words
except InputError as told:
    print("TOLD", told)
"""


def test_too_little_memory_is_told_and_nothing_is_left(tmp_path):
    told = subprocess.run([sys.executable, "-c", OUT_OF_MEMORY, str(tmp_path)], capture_output=True, text=True,
                          check=True).stdout

    assert told.startswith("TOLD Memory ran out while counting who meets whom in 30,000 actions")
    assert os.listdir(tmp_path) == []
