"""What lies on disk is what would be in memory, and goes when nobody looks at it."""

import shutil

import polars as pl
import pytest

import cotrace
from cotrace import case, kept, ondisk, pipeline, reading, tables, traces
from cotrace.errors import InputError
from cotrace.progress import quiet

HOW = {"columns": None, "zone": None, "platform": None, "allow_rejects": 0.05}
TRACES = ("reply_target", "same_text", "shared_link", "similar_text", "tag_sequence")


def raw(count=300):
    """Posts of forty accounts, with a little of everything."""
    return pl.DataFrame([{
        "platform": "sim", "post_id": f"{n}", "author_id": f"{n % 40}",
        "created_at": f"2024-03-{1 + n % 9:02}T{n % 24:02}:00:{n % 60:02}Z",
        "urls": f"https://n.example/{n % 7}" if n % 2 else None, "hashtags": f"one{n % 3} two" if n % 5 == 0 else None,
        "in_reply_to_status_id": f"{n % 11}" if n % 4 == 0 else None,
        "text": f"eight words that nobody would write by chance today {'and more of them ' * (n % 3)} {n % 6}"}
        for n in range(count)])


@pytest.fixture
def both(tmp_path):
    """The same posts in a case, in three files, and in memory."""
    raw().write_csv(tmp_path / "posts.csv")
    in_memory = reading.read(tmp_path / "posts.csv", platform=None)
    files = []
    for first in (0, 110, 200):
        files.append(tmp_path / f"{first}.parquet")
        in_memory.posts.slice(first, {0: 110, 110: 90, 200: 999}[first]).write_parquet(files[-1])
    rest = {name: getattr(in_memory, name) for name in ("actors", "inputs", "rejects", "counts", "notes", "how")}
    return ondisk.Kept(files, **rest), in_memory


def test_posts_on_disk_are_the_posts(both):
    lying, whole = both
    some = pl.col("account").is_in(["sim:3", "sim:7"])

    assert lying.posts.equals(whole.posts) and lying.height == whole.height == 300
    assert lying.columns("post", "text").equals(whole.columns("post", "text")) and lying.platforms == {"sim"}
    assert lying.rows(some).equals(whole.rows(some)) and 10 < lying.rows(some).height < 20
    assert lying.rows(pl.lit(False)).equals(tables.empty(tables.POSTS))


@pytest.mark.parametrize("name", TRACES)
def test_actions_do_not_depend_on_how_many_posts_a_trace_is_shown_at_once(both, name, tmp_path, monkeypatch):
    lying, whole = both
    monkeypatch.setattr(ondisk, "SLICE", 7)
    actions = ondisk.Actions(tmp_path / "aside")

    without = actions.act(name, lying)

    acts, lacking = traces.act(name, whole.posts)
    assert actions[name].collect().sort("object", "at", "actor", "post", "by").equals(acts) and without == lacking
    assert actions.counted(name) == (acts.height, acts["actor"].n_unique(), acts["object"].n_unique())
    assert acts.height or name == "similar_text"


def test_a_run_in_a_case_and_one_without_find_the_same_and_nothing_is_left_aside(tmp_path, monkeypatch):
    monkeypatch.setattr(ondisk, "SLICE", 50)
    raw().write_csv(tmp_path / "posts.csv")
    plan = cotrace.Plan(traces=("same_text", "shared_link"), placebos=1)

    here = pipeline.run(tmp_path / "posts.csv", case=tmp_path / "case", plan=plan, platform=None)

    assert here.dossier == pipeline.run(tmp_path / "posts.csv", plan=plan, platform=None).dossier
    assert not (tmp_path / "case" / "aside").exists()
    assert here.findings.reading.posts.height == 300  # looked up where they lie
    shutil.rmtree(tmp_path / "case")
    with pytest.raises(InputError, match="not there any more"):
        _ = here.findings.reading.posts


def test_what_a_killed_run_left_aside_is_gone_when_the_case_is_next_worked_in(tmp_path):
    left = tmp_path / "case" / "aside" / "x" / "same_text.0"
    store = case.Case(tmp_path / "case")
    left.parent.mkdir(parents=True)
    left.write_text("what somebody wrote")

    with store.working():
        assert not left.exists()


def test_a_blob_of_posts_that_was_changed_is_never_looked_at(tmp_path):
    raw(40).write_csv(tmp_path / "posts.csv")
    store = case.Case(tmp_path / "case")
    read, blob = kept.read(store, tmp_path / "posts.csv", quiet, **HOW)
    read.files[0].write_bytes(read.files[0].read_bytes()[:-1] + b"?")

    with pytest.raises(InputError, match="damaged"):
        kept.reading_of(store, blob)


def test_a_full_disk_is_told(both, tmp_path, monkeypatch):
    def full(*_, **__):
        raise OSError(28, "No space left on device")

    actions = ondisk.Actions(tmp_path / "aside")
    monkeypatch.setattr(pl.DataFrame, "write_parquet", full)

    with pytest.raises(InputError, match="No space left"):
        actions.act("same_text", both[0])
