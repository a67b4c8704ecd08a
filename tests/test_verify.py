"""Whatever was changed is refused, and refused as what it is: a dossier that does not verify."""

import hashlib
import json
import random
import re
import struct
import time
import tracemalloc

import _findings
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cotrace import attribution, derive, digest, dossier, network, records, statement
from cotrace import verify as _lazily_the_function  # noqa: F401  the package exports the function under the same name
from cotrace.errors import InputError, VerificationError
from cotrace.verify import _chance, _links, _signature, public_key, verify
from cotrace.verify._chance import poisson_tail, tail
from cotrace.verify._signature import ed25519_valid

import cotrace.verify as module  # isort: skip

PRIVATE, PUBLIC = statement.new_key()
FULL = dossier.build(_findings.full(), key=PRIVATE)
UNSIGNED = dossier.build(_findings.full())
SMALL = dossier.build(_findings.nothing())


def rebuilt(files):
    """Everything that an unsigned forger can make consistent: roots, Markdown, manifest, archive."""
    told = json.loads(files["statement.json"])
    tables = {}
    for name in derive.EVIDENCE:
        tables[name] = digest.parse_csv(files[f"evidence/{name}.csv"], name)
    known = derive.Tables(tables)
    told["evidence"] = [{"file": name, "rows": known.root(name)[0], "root": known.root(name)[1]}
                        for name in sorted(derive.EVIDENCE)]
    for section in told["sections"]:
        for made in section["sentences"]:
            made["evidence"] = [derive.evidence_of(of["of"], of.get("where"), known) for of in made["evidence"]]
    body = {name: content for name, content in files.items() if name not in ("manifest.json", "signature.json")}
    body["statement.json"] = digest.canonical(told)
    body["statement.md"] = derive.markdown(told).encode()
    body["manifest.json"] = statement.manifest(body, dossier.root(told))
    return digest.archive(body)


def test_a_dossier_verifies_and_unsigned_is_said_first():
    assert verify(UNSIGNED).lines()[0].startswith("UNSIGNED: anyone could have rebuilt this whole")
    assert [step.number for step in verify(UNSIGNED).steps] == [0, 1, 2, 3]
    assert verify(FULL, keys=[PUBLIC]).signer == public_key(PUBLIC).hex()
    assert verify(SMALL).standing == "nothing found"
    assert verify(dossier.build(_findings.full(), pseudonyms=b"secret")).standing == "validated"
    assert verify(rebuilt(digest.unarchive(UNSIGNED))).standing == "validated"  # the forger's tool itself is honest


def test_it_says_what_it_did_not_check():
    assert any("--posts" in line for line in verify(UNSIGNED).not_checked)
    assert any("statement.html" in line for line in verify(UNSIGNED).not_checked)


def test_a_signature_that_was_asked_for_has_to_be_there_and_be_the_right_one():
    with pytest.raises(VerificationError, match="UNSIGNED"):
        verify(UNSIGNED, keys=[PUBLIC])
    with pytest.raises(VerificationError, match="none of those you trust"):
        verify(FULL, keys=[statement.new_key()[1]])
    with pytest.raises(InputError, match="private"):
        verify(FULL, keys=[PRIVATE])


def test_every_single_changed_byte_is_refused():
    raw = bytearray(SMALL)
    draw = random.Random(1)
    for place in range(0, len(raw), 7):
        before = raw[place]
        raw[place] = before ^ draw.randrange(1, 256)
        with pytest.raises(VerificationError):
            verify(bytes(raw))
        raw[place] = before
    assert verify(bytes(raw))


@given(st.integers(0, len(FULL) - 1), st.integers(0, 255), st.sampled_from(["add", "remove", "cut"]))
@settings(max_examples=150, deadline=None)
def test_every_added_or_removed_byte_is_refused(place, byte, what):
    changed = {"add": FULL[:place] + bytes([byte]) + FULL[place:], "remove": FULL[:place] + FULL[place + 1:],
               "cut": FULL[:place]}[what]
    if changed == FULL:
        return
    with pytest.raises(VerificationError):
        verify(changed)


@pytest.mark.parametrize("name", sorted(digest.unarchive(FULL)))
def test_a_changed_file_in_a_canonical_archive_is_refused(name):
    files = digest.unarchive(FULL)
    for place in range(0, len(files[name]), max(1, len(files[name]) // 12)):
        content = bytearray(files[name])
        content[place] ^= 1
        with pytest.raises(VerificationError):
            verify(digest.archive({**files, name: bytes(content)}))
    with pytest.raises(VerificationError):
        verify(digest.archive({other: content for other, content in files.items() if other != name}
                              if name != "signature.json" else {**files, name: b"{}"}))


COMPUTED = {  # what a rebuilt dossier cannot lie about, column by column
    "edges": ("cluster", "a", "b", "window_s", "observed", "expected", "p", "q", "p_time", "p_choice", "tested",
              "a_first", "b_first", "alike"),
    "occasions": ("cluster", "a", "b", "trace", "post_a", "at_a", "post_b", "at_b", "delta_s", "together", "chance"),
    "clusters": derive.EVIDENCE["clusters"], "posts": ("post", "at"), "placebos": ("edges",),
    "members": ("cluster", "actor", "kind", "traces", "q_min", "edges", "meetings", "first", "last"),
    "links": ("cluster", "actor", "source", "word", "posterior", "word_if_prior_tenth", "bounded_by", "explanation",
              "named"),
    "grounds": ("cluster", "actor", "source", "ratio", "low", "same_seen", "same_of", "unrelated_seen", "unrelated_of",
                "selectors"),
    "meetings": ("actor", "indicator", "post_actor", "at_actor", "post_source", "at_source", "delta_s"),
    "registry": ("receipt",), "plan": ("value",), "run": ("key",), "traces": ("set_aside",),
    "common_property": ("trace", "busiest", "window_s"),
}


def bent(cell):
    """Another cell of the same shape."""
    if re.fullmatch(r"\d{4}-.*Z", cell):
        return cell[:-2] + str((int(cell[-2]) + 1) % 10) + "Z"
    if cell in ("yes", "no"):
        return "no" if cell == "yes" else "yes"
    found = re.search(r"[1-9]", cell)  # the leading digit: a change in the ninth place of a p is within its tolerance
    if found:
        return cell[: found.start()] + str(int(found.group()) % 9 + 1) + cell[found.end():]
    return "7" if cell in ("0", "") else cell + "x"


@pytest.mark.parametrize(("table", "column"), [(table, column) for table in COMPUTED for column in COMPUTED[table]])
def test_whoever_rebuilds_the_whole_still_cannot_lie_about_a_number(table, column):
    files = digest.unarchive(UNSIGNED)
    header, rows = digest.parse_csv(files[f"evidence/{table}.csv"], table)
    at = header.index(column)
    for number in {0, len(rows) // 2, len(rows) - 1}:
        changed = [list(row) for row in rows]
        if table == "placebos":
            changed = [[*row[:2], "9", *row[3:]] for row in changed]
        elif table == "run" and changed[number][0] in ("actors", "posts", "first_post", "masked_accounts", "tests"):
            pass
        else:
            changed[number][at] = bent(changed[number][at])
        if table == "links" and column == "explanation" and rows[number][3] == "listed":
            continue
        if table == "grounds" and not rows[number][5] and column in ("same_seen", "same_of", "unrelated_seen",
                                                                     "unrelated_of", "counts"):
            continue  # too few were known for a ratio, and are so with one more: nothing is claimed from them
        if changed == rows or (table == "links" and rows[number][3] == "listed" and column in (
                "posterior", "word_if_prior_tenth", "bounded_by")):
            continue
        if table not in ("plantings", "notes", "rejects"):
            changed.sort()
        with pytest.raises(VerificationError):
            verify(rebuilt({**files, f"evidence/{table}.csv": digest.csv_bytes(header, changed)}))


@pytest.mark.parametrize("table", ["edges", "occasions", "members", "clusters", "links", "grounds", "meetings",
                                   "registry", "posts", "placebos", "common_property"])
@pytest.mark.parametrize("what", ["left out", "twice"])
def test_no_row_can_be_left_out_or_told_twice(table, what):
    files = digest.unarchive(UNSIGNED)
    header, rows = digest.parse_csv(files[f"evidence/{table}.csv"], table)
    changed = rows[1:] if what == "left out" else sorted([rows[0], *rows])
    if table == "placebos" and what == "twice":
        return  # one copy more is another run, and every number of it is told again
    with pytest.raises(VerificationError):
        verify(rebuilt({**files, f"evidence/{table}.csv": digest.csv_bytes(header, changed)}))


def forged(change):
    files = digest.unarchive(UNSIGNED)
    told = json.loads(files["statement.json"])
    change(told)
    return rebuilt({**files, "statement.json": digest.canonical(told)})


@pytest.mark.parametrize("change", [
    lambda told: told.update(review="REVIEWED"), lambda told: told.update(title="Trolls"),
    lambda told: told.update(standing="nothing found"), lambda told: told["sections"].pop(),
    lambda told: told["sections"][0].update(title="The guilty"), lambda told: told["sections"][0].update(sentences=[]),
    lambda told: told["sections"][0]["sentences"][0].update(text="These 7 are guilty."),
    lambda told: told["sections"][0]["sentences"][1]["numbers"]["posts"].update(value="999"),
    lambda told: told["plan"].update(alpha="0.5"), lambda told: told.update(sections=7),
    lambda told: told.update(sections=[7]),
    lambda told: told["sections"][0]["sentences"].append(told["sections"][0]["sentences"][0]),
])
def test_a_statement_cannot_be_reworded_against_its_evidence(change):
    try:
        raw = forged(change)
    except (TypeError, KeyError, AttributeError):
        files = digest.unarchive(UNSIGNED)
        told = json.loads(files["statement.json"])
        change(told)
        files["statement.json"] = digest.canonical(told)
        del files["manifest.json"]
        raw = digest.archive({**files, "manifest.json": statement.manifest(files, "0" * 64)})
    with pytest.raises(VerificationError):
        verify(raw)


# ------------------------------------------------------------------------------------------- hostile archives

def zip_of(name, content=b"x", method=0, size=None):
    encoded = name if isinstance(name, bytes) else name.encode()
    size = len(content) if size is None else size
    head = struct.pack("<4s5H3I2H", b"PK\x03\x04", 20, 0, method, 0, 33, 0, len(content), size, len(encoded), 0)
    return head + encoded + content


def with_json(name, content):
    return digest.archive({**digest.unarchive(SMALL), name: content})


HOSTILE = {
    "nothing": b"", "text": b"hello", "a picture": b"\x89PNG\r\n\x1a\n" + b"\0" * 100,
    "path traversal": zip_of("../../etc/passwd"), "absolute": zip_of("/etc/passwd"), "folder": zip_of("a/", b""),
    "backslash": zip_of("..\\x"), "not ASCII": zip_of("ä".encode()), "bomb": zip_of("a", b"x" * 50, 8, 2**31),
    "a size beyond the file": zip_of("a", b"x", 0, 2**31 - 1), "nested": digest.archive({"dossier.zip": SMALL}),
    "twice": zip_of("a") + zip_of("a"), "cut in a header": b"PK\x03\x04" + b"\0" * 5,
    "many files": digest.archive({f"f{n}": b"" for n in range(4096)}), "before": b"x" + SMALL, "after": SMALL + b"x",
    "deep JSON": with_json("manifest.json", b"[" * 100_000 + b"]" * 100_000),
    "a huge number": with_json("manifest.json", b'{"files":' + b"9" * 100_000 + b"}"),
    "not a number": with_json("manifest.json", b'{"files":NaN}'), "a float": with_json("statement.json", b'{"a":1.5}'),
    "large JSON": with_json("manifest.json", b"[" + b"[]," * 2**20 + b"[]]"),
    "a lone surrogate": with_json("statement.json", b'"\\ud800"'),
    "endless rows": with_json("evidence/run.csv", b"key,value\n" + b"a,b\n" * 1_100_000),
    "one endless row": with_json("evidence/run.csv", b"key,value\n" + b"," * 20_000_000 + b"\n"),
}


@pytest.mark.parametrize("name", sorted(HOSTILE))
def test_hostile_archives_are_refused_at_once_and_in_little_memory(name):
    raw = HOSTILE[name]
    tracemalloc.start()
    began = time.monotonic()

    with pytest.raises(VerificationError):
        verify(raw)

    assert time.monotonic() - began < 5
    assert tracemalloc.get_traced_memory()[1] < 200 * 2**20 + 8 * len(raw)
    tracemalloc.stop()


def test_a_number_of_hostile_length_is_refused_and_not_computed():
    files = digest.unarchive(UNSIGNED)
    header, rows = digest.parse_csv(files["evidence/edges.csv"], "edges")
    for column, cell in (("observed", "9" * 5000), ("shared_expected", "1e999999999"), ("p", "nan"), ("q", "-1"),
                         ("shared", "1"), ("window_s", "0x10")):
        changed = [list(row) for row in rows]
        changed[0][header.index(column)] = cell
        with pytest.raises(VerificationError):
            verify(rebuilt({**files, "evidence/edges.csv": digest.csv_bytes(header, sorted(changed))}))


@given(st.binary(max_size=300))
def test_only_one_error_comes_out(raw):
    with pytest.raises(VerificationError):
        verify(raw)


@given(st.dictionaries(st.sampled_from(sorted(module.ALWAYS_THERE)), st.binary(max_size=40), max_size=5))
@settings(deadline=None)
def test_only_one_error_comes_out_of_any_content(content):
    files = digest.unarchive(SMALL)
    if all(files[name] == given for name, given in content.items()):
        return
    with pytest.raises(VerificationError):
        verify(digest.archive({**files, **content}))


def test_a_path_that_cannot_be_read_is_the_callers_fault(tmp_path):
    with pytest.raises(InputError):
        verify(tmp_path / "nothing.zip")
    with pytest.raises(InputError):
        verify(tmp_path)


# ------------------------------------------------------------------------- the same numbers as those who made them

@given(st.lists(st.integers(1, 999_999).map(lambda n: n / 1e6), min_size=1, max_size=30), st.integers(0, 31))
def test_the_exact_tail_is_the_exact_tail(chances, observed):
    assert tail(chances, observed) == pytest.approx(_findings.tail(chances, observed), rel=1e-9, abs=1e-12)


@given(st.integers(0, 200), st.floats(1e-6, 300))
def test_the_poisson_tail_is_the_poisson_tail(count, mean):
    from scipy.stats import poisson

    assert min(1.0, 2 * poisson_tail(count, mean)) == pytest.approx(min(1.0, 2 * poisson.sf(count - 1, mean)), rel=1e-9)


COUNT = st.integers(0, 40)
GROUND = st.fixed_dictionaries({
    "indicator": st.sampled_from(["content", "coordination", "identity"]),
    "same": COUNT, "more": COUNT, "other": COUNT, "others": st.integers(0, 400), "cap": st.integers(1, 1000),
    "told": st.none() | st.fixed_dictionaries({name: COUNT for name in ("before", "after", "first")} | {
        name: st.integers(0, 9000) for name in ("before_due", "first_due")})})


@given(st.lists(GROUND, max_size=3, unique_by=lambda ground: ground["indicator"]),
       st.floats(1e-6, 10))
def test_ratios_posteriors_and_rules_are_those_of_attribution(drawn, odds):
    made, ours = [], []
    for one in drawn:
        told = one["told"] and {**one["told"], "occasions": one["told"]["before"] + one["told"]["after"]}
        counts = {"same_seen": one["same"], "same_of": one["same"] + one["more"], "unrelated_seen": one["other"],
                  "unrelated_of": one["other"] + one["others"], "cap": one["cap"], **(told or {})}
        right = attribution.ratio(counts)
        made.append(records.Ground(one["indicator"], "", right, counts, None, None))
        bounds = _links.interval(counts)
        assert (bounds is None) == (right is None)
        ours.append({"indicator": one["indicator"], "counts": counts,
                     "right": None if bounds is None else min(float(counts["cap"]), bounds[0])})
        assert ours[-1]["right"] == pytest.approx(right)

    assert _links.judge(ours, odds) == (pytest.approx(attribution.judge(made, sorted(_links.STRONG), odds)[0]),
                                         attribution.judge(made, sorted(_links.STRONG), odds)[1])


def test_constants_that_stand_twice_are_the_same():
    assert _chance.GATE == network.GATE
    assert _links.FEWEST == attribution.FEWEST
    assert module.FORMAT == statement.FORMAT


# ----------------------------------------------------------------------------------------------------- Ed25519

RFC_8032 = [  # §7.1, tests 1–3: secret key (unused), public key, message, signature
    ("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
     "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe2465514"
     "1438e7a100b"),
    ("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
     "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d2"
     "91612bb0c00"),
    ("fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
     "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027b"
     "eceea1ec40a"),
]


@pytest.mark.parametrize(("public", "message", "signature"), RFC_8032)
def test_the_vectors_of_rfc_8032_verify(public, message, signature):
    public, message, signature = map(bytes.fromhex, (public, message, signature))

    assert ed25519_valid(public, message, signature)
    assert not ed25519_valid(public, message + b"x", signature)


@given(st.binary(max_size=80), st.integers(0, 63), st.integers(1, 255))
@settings(max_examples=40, deadline=None)
def test_signatures_of_cryptography_verify_and_bent_ones_do_not(message, place, bit):
    signed = json.loads(statement.sign(message, PRIVATE))
    signature, public = bytes.fromhex(signed["signature"]), bytes.fromhex(signed["public_key"])
    bent_one = bytearray(signature)
    bent_one[place] ^= bit

    assert ed25519_valid(public, message, signature)
    assert not ed25519_valid(public, message, bytes(bent_one))


def test_a_signature_has_one_spelling_and_weak_keys_sign_nothing():
    signed = json.loads(statement.sign(b"m", PRIVATE))
    public, signature = bytes.fromhex(signed["public_key"]), bytes.fromhex(signed["signature"])
    s = int.from_bytes(signature[32:], "little") + _signature._ORDER
    one = (1).to_bytes(32, "little")  # the neutral point: of order one

    assert not ed25519_valid(public, b"m", signature[:32] + s.to_bytes(32, "little"))
    assert not ed25519_valid(one, b"m", one + bytes(32))
    assert not ed25519_valid((2**255 - 18).to_bytes(32, "little"), b"m", one + bytes(32))  # y = 1, spelled beyond p
    assert not ed25519_valid(b"", b"m", signature) and not ed25519_valid(public, b"m", b"")


def test_a_secret_key_is_written_once_and_for_its_owner_alone(tmp_path):
    from cotrace.cli import answer

    file = tmp_path / "k"

    assert answer(["key", "new", str(file)]) == 0
    assert file.stat().st_mode & 0o777 == 0o600
    before = file.read_bytes()
    assert answer(["key", "new", str(file)]) == 2
    assert file.read_bytes() == before
    raw = dossier.build(_findings.nothing(), key=before)
    assert verify(raw, keys=[(tmp_path / "k.pub").read_bytes()]).signer


def test_the_command_maps_what_it_finds_to_exit_codes(tmp_path, capsys):
    from cotrace.cli import answer

    good, bad = tmp_path / "d.zip", tmp_path / "b.zip"
    good.write_bytes(UNSIGNED)
    bad.write_bytes(UNSIGNED[:-1])

    assert answer(["verify", str(good)]) == 0
    assert capsys.readouterr().out.startswith("UNSIGNED")
    assert answer(["verify", str(bad)]) == 1
    assert answer(["verify", str(tmp_path / "none.zip")]) == 2
    assert answer(["verify", str(tmp_path)]) == 2


def test_prose_that_this_program_would_not_write_is_refused_by_the_command(tmp_path):
    """A forger who rebuilds the whole can word a sentence freely; the command writes all sentences again."""
    from cotrace.cli import answer

    raw = forged(lambda told: told["sections"][-1]["sentences"][0].update(text="They are guilty of everything."))
    (tmp_path / "d.zip").write_bytes(raw)

    assert verify(raw)  # every number holds: that is why the report says what was not checked
    assert answer(["verify", str(tmp_path / "d.zip")]) == 1


# ------------------------------------------------------------- what the dossier may not decide for itself (an audit)

def retold(change):
    """What a forger makes who has this program: rows changed, and sentences, page and digests written anew."""
    files = digest.unarchive(UNSIGNED)
    rows = {name: [list(row) for row in digest.parse_csv(files[f"evidence/{name}.csv"], name)[1]]
            for name in derive.EVIDENCE}
    change(rows)
    rows = {name: some if name in module.UNSORTED else sorted(some) for name, some in rows.items()}
    told = json.loads(files["statement.json"])
    told = dossier.tell(rows, plan=told["plan"], versions=tuple((one["name"], one["version"])
                                                                for one in told["software"]))
    body = {f"evidence/{name}.csv": digest.csv_bytes(columns, rows[name])
            for name, columns in derive.EVIDENCE.items()}
    body["statement.json"] = digest.canonical(told)
    body |= dossier.faces(told, rows)
    body["manifest.json"] = statement.manifest(body, dossier.root(told))
    return digest.archive(body)


def cell(table, column, value, **of):
    """A change: this value in the rows where all of `of` holds."""
    def change(rows):
        columns = derive.EVIDENCE[table]
        there = [row for row in rows[table] if all(row[columns.index(name)] == known for name, known in of.items())]
        assert there
        for row in there:
            row[columns.index(column)] = value(row[columns.index(column)]) if callable(value) else value
    return change


def without_order(rows):
    """The counts that say that somebody always came after the source."""
    for row in rows["grounds"]:
        row[12] = ";".join(part for part in row[12].split(";") if part.startswith("cap="))


def listed_like_another(rows):
    """A member that no registry names, with the grounds of one that it names."""
    link = next(row for row in rows["links"] if row[3] == "listed" and row[0])
    ground = next(row for row in rows["grounds"] if row[1:3] == link[1:3] and row[3] == "identity")
    gone = _findings.RING[4]
    rows["links"] = [row for row in rows["links"] if row[1] != gone] + [[link[0], gone, *link[2:]]]
    rows["grounds"] = [row for row in rows["grounds"] if row[1] != gone] + [[ground[0], gone, *ground[2:]]]


def test_the_tool_of_these_forgers_is_honest():
    assert verify(retold(lambda rows: None)).standing == "validated"


@pytest.mark.parametrize(("change", "why"), [
    (listed_like_another, "names another"),
    (cell("registry", "withdrawn", "2024-01-01", selector="101"), "withdrawn"),
    (cell("registry", "source", "Another", selector="101"), "names another"),
    (without_order, "lacks a count"),
    (cell("grounds", "counts", lambda counts: counts.replace("cap=20", "cap=99"), indicator="content"), "another cap"),
    (cell("grounds", "says", "Seen by a witness.", indicator="coordination"), "not those of this version"),
    (cell("grounds", "indicator", "identity", indicator="coordination"), "not those of this version"),
    (cell("signs", "open", "yes", sign="created"), "not those of this version"),
    (cell("signs", "says", "They confessed.", sign="created"), "not those of this version"),
    (cell("explanations", "covers", "at", explanation="management"), "not those of this version"),
    (cell("explanations", "says", "An excuse.", explanation="viral"), "not those of this version"),
    (cell("traces", "method", "Two trolls were paid.", trace="same_text"), "not those of this version"),
    (cell("traces", "off", "the accused hid it", trace="rapid_repost"), "not cotrace's"),
    (cell("traces", "off", "it is bound to seconds, and the times of these posts are known to 60 s only",
          trace="shared_link"), "not looked for|was not looked"),
    (lambda rows: rows["traces"].remove(next(row for row in rows["traces"] if row[0] == "reply_target")),
     "not looked for"),
    (cell("notes", "text", "These are paid trolls."), "no finding of this method"),
    (cell("posts", "account", "twitter:777", post="twitter:src0"), "by somebody else"),
    (cell("plantings", "recovered", "11", members="3", objects="8"), "came back than were planted"),
    (cell("counts", "value", "9999999", what="records"), "not those of the files"),
    (cell("run", "value", "yes", key="pseudonyms"), "keyed hashes"),
    (lambda rows: rows["decisions"].append([_findings.OUTSIDER, "", "same", "J", "2024-05-01", "b"]),
     "not in the findings"),
    (lambda rows: rows["decisions"].append(["twitter:555", "", "different", "J", "2024-05-01", "b"]), "by its digest"),
    (lambda rows: rows["decisions"].append([_findings.RING[0], "", "same", "J", "2024-02-31", "b"]), "that is none"),
], ids=lambda one: one if isinstance(one, str) else "change")
def test_what_the_dossier_may_not_decide_is_refused_whatever_else_is_made_consistent(change, why):
    with pytest.raises(VerificationError, match=why):
        verify(retold(change))


def test_a_benign_explanation_that_was_left_out_is_missed():
    with pytest.raises(VerificationError, match="explanations that this version knows"):
        verify(retold(lambda rows: rows.update(explanations=[row for row in rows["explanations"]
                                                             if row[1] != "management"])))


def test_words_of_another_version_are_not_verified(tmp_path):
    """Whoever forges a dossier writes into it which version wrote it."""
    from cotrace.cli import answer

    files = digest.unarchive(UNSIGNED)
    told = json.loads(files["statement.json"])
    told["software"][0]["version"] = "0.0.9"
    claim = next(section for section in told["sections"] if section["id"] == "not_claimed")["sentences"][0]
    claim["text"] = "Everybody named here is a paid criminal, and a court has found so."
    claim["numbers"], claim["evidence"] = {}, claim["evidence"][:1]
    (tmp_path / "forged.zip").write_bytes(rebuilt({**files, "statement.json": digest.canonical(told)}))

    assert verify((tmp_path / "forged.zip").read_bytes()).standing == "validated"  # it agrees with itself
    assert answer(["-q", "verify", str(tmp_path / "forged.zip")]) == 1


def test_rules_and_words_that_stand_in_the_proof_are_those_of_the_modules():
    from cotrace import parts, traces, verdicts
    from cotrace.attribution import content, coordination, identity
    from cotrace.verify import _own

    for known, part in ((_own.SIGNS, "verdicts.signs"), (_own.EXPLANATIONS, "verdicts.explanations")):
        assert set(known) == set(parts.names(part))
    for name, (column, profile, open_, _) in _own.SIGNS.items():
        sign = parts.load("verdicts.signs", name)
        assert (sign.COLUMN, sign.PROFILE, getattr(sign, "OPEN", False)) == (column, profile == "yes", open_ == "yes")
    for name, (covers, needs, says, pro, contra) in _own.EXPLANATIONS.items():
        one = parts.load("verdicts.explanations", name)
        assert (";".join(one.COVERS), str(one.ENOUGH), verdicts._says(one)) == (covers, needs, says)
        assert getattr(one, "PRO", pro) == pro and getattr(one, "CONTRA", contra) == contra
    assert {name: hashlib.sha256(" ".join(traces.get(name).method.split()).encode()).hexdigest()
            for name in parts.names("traces")} == _own.METHODS
    assert _own.INDICATORS == {"content": (content.CAP, (content.SAYS, content.SELECTED)),
                               "coordination": (coordination.CAP, (coordination.SAYS,)),
                               "identity": (identity.CAP, (identity.SITE, identity.LEAD))}
