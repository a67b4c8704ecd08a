"""A plan says what it may say; everything else is refused with its place and a way out."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cotrace import parts, plans
from cotrace.errors import InputError
from cotrace.records import Plan

TRACES = parts.names("traces")


def test_a_plan_that_says_nothing_looks_for_everything():
    assert plans.resolve(None).traces == tuple(TRACES)


def test_a_trace_left_out_is_left_out():
    assert plans.resolve(None, without=["same_text"]).traces == tuple(t for t in TRACES if t != "same_text")


def test_only_the_traces_that_are_asked_for_run():
    assert plans.resolve(Plan(traces=("repost",)), only=["same_text"]).traces == ("same_text",)


def test_the_seed_of_the_call_overrules_the_plan(tmp_path):
    (tmp_path / "plan.toml").write_text("seed = 3\n")

    assert plans.resolve(tmp_path / "plan.toml").seed == 3
    assert plans.resolve(tmp_path / "plan.toml", seed=4).seed == 4


@given(st.builds(Plan, traces=st.sets(st.sampled_from(TRACES), min_size=1).map(lambda s: tuple(sorted(s))),
                 windows=st.none() | st.lists(st.integers(1, 86400), min_size=1, max_size=5).map(tuple),
                 alpha=st.floats(1e-6, 0.2), min_objects=st.integers(3, 50), placebos=st.integers(0, 99),
                 seed=st.integers(0, 2**40), prior=st.sampled_from(["1:1000", "1:10", "2.5:7"]),
                 common_property=st.integers(2, 10**6)))
def test_a_plan_written_and_read_is_the_same_plan(tmp_path_factory, plan):
    path = tmp_path_factory.mktemp("plan") / "plan.toml"
    path.write_text(plans.toml(plan))

    assert plans.read(path) == plan


@pytest.mark.parametrize(("said", "told"), [
    ("alpha = 2", "alpha = 2"),
    ("alpha = 'x'", "alpha = 'x'"),
    ("min_objects = 2", "min_objects = 2"),
    ("min_objects = true", "min_objects = True"),
    ("prior = '0:5'", "prior"),
    ("prior = 3", "prior"),
    ("windows = []", "windows"),
    ("windows = [-1]", "windows"),
    ("traces = ['telepathy']", "telepathy"),
    ("threshold = 3", "threshold"),
    ("alpha = ", "not TOML"),
])
def test_what_makes_no_sense_is_refused_by_name(tmp_path, said, told):
    (tmp_path / "plan.toml").write_text(said + "\n")

    with pytest.raises(InputError, match=told):
        plans.resolve(tmp_path / "plan.toml")


def test_leaving_every_trace_out_is_refused():
    with pytest.raises(InputError, match="No trace is left"):
        plans.resolve(None, without=TRACES)
