"""Findings leave cotrace in other people's formats: nothing runs, is lost without a word, or is half written.

The golden dossier is tests/golden/exporters/dossier: three accounts, one pair outside, two links, hostile names. The
expected files of an exporter stand beside it in a folder of its name; whoever adds an exporter adds such a folder.
"""

import csv as csv_reader
import io
import os
import re
from pathlib import Path
from xml.etree import ElementTree

import polars as pl
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cotrace import cli, derive, digest, exporters, parts
from cotrace.errors import InputError, VerificationError
from cotrace.exporters import _graph, csv

GOLDEN = Path(__file__).parent / "golden" / "exporters"
NAMES = parts.names("exporters")
HOSTILE = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", " =1", "'=1", '"=1', "＝1", "＋1", "－1", "＠x", "\u200b=1",
           "a;=1", "a\n=1", "a\r\n-1", "a\t@x", "“=1"]


def dossier() -> dict[str, bytes]:
    root = GOLDEN / "dossier"
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in sorted(root.rglob("*")) if path.is_file()}


def written(name: str, files: dict[str, bytes]) -> dict[str, bytes]:
    made = parts.load("exporters", name).contents(files)
    return {f"network.{name}": made} if isinstance(made, bytes) else made


def with_rows(files: dict[str, bytes], table: str, **cells: str) -> dict[str, bytes]:
    """The dossier with one more row in a table."""
    header, rows = digest.parse_csv(files[f"evidence/{table}.csv"], table)
    rows = sorted([*rows, [cells.get(column, "") for column in header]])
    return {**files, f"evidence/{table}.csv": digest.csv_bytes(header, rows)}


def csv_rows(raw: bytes) -> list[dict[str, str]]:
    return list(csv_reader.DictReader(io.StringIO(raw.decode("utf-8"), newline="")))


# ------------------------------------------------------------------------------------- laws on every exporter

@pytest.mark.parametrize("name", NAMES)
def test_an_exporter_writes_its_golden_files(name):
    expected = {path.name: path.read_bytes() for path in (GOLDEN / name).iterdir()}

    made = written(name, dossier())

    assert sorted(made) == sorted(expected)
    for file, raw in made.items():
        if file.endswith(".parquet"):  # other versions of polars write other bytes for the same table
            assert pl.read_parquet(io.BytesIO(raw)).equals(pl.read_parquet(io.BytesIO(expected[file])))
            assert pl.read_parquet(io.BytesIO(raw)).schema == pl.read_parquet(io.BytesIO(expected[file])).schema
        else:
            assert raw == expected[file], file


@pytest.mark.parametrize("name", NAMES)
def test_the_same_dossier_gives_the_same_bytes(name):
    files = dossier()
    turned = dict(reversed(files.items()))

    assert written(name, files) == written(name, turned)


@pytest.mark.parametrize("name", NAMES)
def test_what_a_format_cannot_carry_is_said_in_sentences(name):
    said = parts.load("exporters", name).CANNOT_CARRY

    assert isinstance(said, tuple) and said
    assert all(sentence.endswith(".") and " " in sentence for sentence in said)


@pytest.mark.parametrize("name", NAMES)
def test_an_export_is_written_whole_and_readable_for_others(name, tmp_path):
    exporter, out = parts.load("exporters", name), tmp_path / f"out.{name}"

    exporter.export(dossier(), out)

    assert [path.name for path in tmp_path.iterdir()] == [out.name]
    found = [path.read_bytes() for path in sorted(out.iterdir())] if out.is_dir() else [out.read_bytes()]
    assert found == [raw for _, raw in sorted(written(name, dossier()).items())]
    assert out.stat().st_mode & 0o044 == 0o044 & ~_umask()


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


@pytest.mark.parametrize("name", NAMES)
def test_an_export_never_writes_over_what_is_there(name, tmp_path):
    exporter = parts.load("exporters", name)
    (tmp_path / "file").write_text("precious")
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "mine").write_text("precious")

    for out in (tmp_path / "file", tmp_path / "folder", tmp_path / "missing" / "out"):
        with pytest.raises(InputError):
            exporter.export(dossier(), out)

    assert (tmp_path / "file").read_text() == (tmp_path / "folder" / "mine").read_text() == "precious"
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["file", "folder", "mine"]


@pytest.mark.parametrize("name", NAMES)
def test_a_write_that_fails_leaves_nothing(name, tmp_path, monkeypatch):
    exporter = parts.load("exporters", name)

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(InputError, match="No space left"):
        exporter.export(dossier(), tmp_path / "out")

    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", NAMES)
def test_what_is_not_a_dossier_is_refused(name):
    with pytest.raises(VerificationError):
        parts.load("exporters", name).contents({"readme.txt": b"hello"})


@pytest.mark.parametrize("name", NAMES)
def test_an_empty_finding_exports_as_empty_tables(name):
    files = {place: raw.split(b"\n", 1)[0] + b"\n" if place.endswith(".csv") else raw
             for place, raw in dossier().items()}

    assert written(name, files)


# ------------------------------------------------------------------------------------------------------- CSV

def test_the_columns_are_the_contract():
    made = written("csv", dossier())

    heads = {name: made[f"{name}.csv"].decode().split("\r\n", 1)[0] for name in exporters.COLUMNS}

    assert heads["actors"] == ("actor,name,kind,cluster,stability,traces,q_min,"
                               "role,after,sittings,came_first,came_last,share_first,median_lag_s,role_q,"
                               "before_elsewhere,after_elsewhere,role_q_placebo")
    assert heads["edges"] == "a,b,kind,trace,window_s,observed,expected,p,q"
    assert heads["clusters"] == "cluster,size,traces,q,posts,first,last,stability,inauthentic,explanations"
    assert heads["links"] == "cluster,actor,source,indicator,likelihood_ratio,word,identified_by,cites"
    assert heads["events"] == ("a,b,trace,object,post_a,at_a,post_b,at_b,delta_s,receipt_a,receipt_b,text_a,text_b")
    assert heads["sources"].startswith("source,selector_type,selector,identified_by,at,cites")


@pytest.mark.parametrize("cell", HOSTILE)
def test_no_cell_reaches_a_spreadsheet_as_a_formula(cell):
    files = with_rows(dossier(), "members", cluster="c-1", actor="x:9", kind="account", name=cell)

    row = csv_rows(written("csv", files)["actors.csv"])[-1]

    assert row["name"] != cell, "written as it came: this is what an unguarded export does"
    for piece in row["name"].replace("\r", "\n").replace("\t", "\n").replace(";", "\n").split("\n"):
        assert not piece.strip(" \"“\u200b").startswith(tuple("=+-@＝＋－＠")), piece
    assert csv.unguard(row["name"]) == cell


def test_our_own_negative_numbers_stay_numbers_and_hostile_ones_do_not():
    files = with_rows(dossier(), "occasions", cluster="c-1", a="x:1", b="x:3", trace="shared_link", object="-5",
                      post_a="x:p1", post_b="x:p2", delta_s="-12.5", together="yes")
    files = with_rows(files, "occasions", cluster="c-1", a="x:2", b="x:3", trace="shared_link", object="5",
                      post_a="x:p1", post_b="x:p2", delta_s="-1+cmd|' /C calc'!A0", together="yes")

    rows = csv_rows(written("csv", files)["events.csv"])

    assert [row["delta_s"] for row in rows][1:] == ["-12.5", "'-1+cmd|' /C calc'!A0"]
    assert rows[1]["object"] == "'-5"


@given(st.text(alphabet=st.one_of(st.sampled_from("=+-@＝＠'\"; \t\r\n\u200b a1,"), st.characters(codec="utf-8"))))
def test_a_guard_can_be_taken_off_again_exactly(text):
    assert csv.unguard(csv.guard(text)) == text
    assert csv.guard(csv.unguard(csv.guard(text))) == csv.guard(text)


@given(st.text(alphabet=st.sampled_from("=+-@＠−'\"“; \t\r\n\u200b\x85 a1,")))
def test_a_guard_is_what_one_pattern_says_and_takes_no_square_of_a_cell(text):
    before = "[\\s\"'`\u00a0\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\0-\x1f\u2018\u2019\u201c\u201d]*"
    risky = before + "[=+\\-@\t\r\uff1d\uff0b\uff0d\uff20\u2212]"

    assert csv.guard(text) == re.sub(f"(\\A|[;\t\r\n])(?={risky})", r"\1'", text)
    assert csv.unguard(text) == re.sub(f"(\\A|[;\t\r\n])'(?={risky})", r"\1", text)


def test_a_cell_of_many_empty_lines_is_guarded_as_quickly_as_another():
    assert csv.guard("a\n" + "\n" * 500_000 + "-") == "a" + "\n'" * 500_001 + "-"  # the pattern above takes an hour
    assert csv.guard("\n" * 500_000 + "a=") == "\n" * 500_000 + "a="


@given(st.lists(st.text(alphabet=st.characters(codec="utf-8", exclude_characters="\0"), min_size=1), min_size=1,
                max_size=4))
def test_cells_survive_a_standard_reader(cells):
    raw = csv._table([f"c{n}" for n in range(len(cells))], [{f"c{n}": cell for n, cell in enumerate(cells)}])

    (row,) = csv_rows(raw)

    assert [csv.unguard(cell) for cell in row.values()] == cells


def test_every_row_names_who_identified_the_source_and_where():
    rows = csv_rows(written("csv", dossier())["links.csv"])

    assert [(row["actor"], row["indicator"], row["word"]) for row in rows] == [
        ("x:1", "identity", "listed"), ("x:2", "content", "unlikely")]
    assert rows[0]["identified_by"] == "A Committee" and rows[0]["cites"] == "https://c.example/list%3B page 3"
    assert rows[1]["identified_by"].split(";") == ["A Committee", "B Institute"]


# ------------------------------------------------------------------------------------------------- the graphs

def graph_of(name: str, raw: bytes) -> tuple[dict[str, str], list[tuple[str, str]]]:
    """node id → its label, and the edges, as an XML reader sees them."""
    tree = ElementTree.fromstring(raw)
    nodes = [node for node in tree.iter() if node.tag.endswith("}node")]
    edges = [(edge.get("source"), edge.get("target")) for edge in tree.iter() if edge.tag.endswith("}edge")]
    if name == "gexf":
        return {node.get("id"): node.get("label") for node in nodes}, edges
    label = "{http://graphml.graphdrawing.org/xmlns}data[@key='node_label']"
    return {node.get("id"): node.find(label).text for node in nodes}, edges


@pytest.mark.parametrize("name", ["gexf", "graphml"])
def test_a_graph_holds_every_validated_pair_and_its_two_ends(name):
    nodes, edges = graph_of(name, written(name, dossier())[f"network.{name}"])

    assert sorted(nodes) == ["x:1", "x:2", "x:3", "x:7"]
    assert edges == [("x:1", "x:2"), ("x:1", "x:3"), ("x:2", "x:3"), ("x:3", "x:7")]


@pytest.mark.parametrize("name", ["gexf", "graphml"])
@given(st.text(alphabet=st.characters(codec="utf-8"), min_size=1))
@example("\ufffe\uffff")
@example("\0\x0b\x1f\x7f\x85]]>&<\"'\t\r\n")
def test_hostile_names_stay_valid_xml_and_stay_apart(name, text):
    files = with_rows(dossier(), "members", cluster="c-1", actor="x:9" + text, kind="account", name=text)

    nodes, _ = graph_of(name, written(name, files)[f"network.{name}"])

    assert len(nodes) == 5
    assert nodes[_graph.legal("x:9" + text)] == _graph.legal(text)


@given(st.text(alphabet=st.sampled_from("\\u{1}\x01\x02a")), st.text(alphabet=st.sampled_from("\\u{1}\x01\x02a")))
def test_two_ids_never_become_one_in_xml(one, other):
    assert (_graph.legal(one) == _graph.legal(other)) == (one == other)


# ----------------------------------------------------------------------------------------------- the command

@pytest.fixture
def case(tmp_path) -> Path:
    folder = tmp_path / "mine.case"
    folder.mkdir()
    (folder / "dossier.zip").write_bytes(digest.archive(dossier()))
    return folder


@pytest.mark.parametrize("name", NAMES)
def test_the_command_exports_a_case_and_a_dossier_alike(name, case, tmp_path, capsys):
    assert cli.answer(["export", str(case), "--to", name, "--out", str(tmp_path / "a")]) == 0
    assert cli.answer(["export", str(case / "dossier.zip"), "--to", name, "--out", str(tmp_path / "b")]) == 0

    one, other = tmp_path / "a", tmp_path / "b"
    read = [{p.name: p.read_bytes() for p in out.iterdir()} if out.is_dir() else out.read_bytes()
            for out in (one, other)]
    assert read[0] == read[1]
    assert parts.load("exporters", name).CANNOT_CARRY[0] in capsys.readouterr().err


def test_one_file_goes_to_stdout_and_a_folder_does_not(case, capfdbinary):
    assert cli.answer(["export", str(case), "--to", "gexf", "--out", "-"]) == 0
    assert capfdbinary.readouterr().out == written("gexf", dossier())["network.gexf"]

    assert cli.answer(["export", str(case), "--to", "csv", "--out", "-"]) == 2


def test_one_spelling_of_the_statement_goes_to_a_file(case, tmp_path):
    assert cli.answer(["export", str(case), "--to", "statement", "--out", str(tmp_path / "mine.md")]) == 0

    assert (tmp_path / "mine.md").read_bytes() == dossier()["statement.md"]


def test_an_unknown_format_or_no_dossier_is_a_fault_of_use(case, tmp_path, capsys):
    assert cli.answer(["export", str(case), "--to", "stix", "--out", str(tmp_path / "a")]) == 2
    assert "csv, gexf, graphml, parquet, statement" in capsys.readouterr().err
    assert cli.answer(["export", str(tmp_path), "--to", "csv", "--out", str(tmp_path / "a")]) == 2


def test_what_is_no_dossier_fails_the_examination(tmp_path):
    (tmp_path / "d.zip").write_bytes(b"PK\x03\x04 not really")

    assert cli.answer(["export", str(tmp_path / "d.zip"), "--to", "csv", "--out", str(tmp_path / "a")]) == 1


def test_the_tables_are_built_from_columns_that_every_dossier_has():
    for name, columns in exporters.COLUMNS.items():
        found = exporters.tables(dossier())[name]
        assert all(tuple(row) == columns for row in found)
    assert set(exporters.COLUMNS["sources"]) <= set(derive.EVIDENCE["registry"])
