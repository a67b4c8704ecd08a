"""Pictures → hashes: against the reference where it is there, after what platforms do to pictures, and under attack."""

import contextlib
import io
import json
import os
import struct
import subprocess
import sys
import zlib
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from cotrace import images, reading, traces
from cotrace.cli import answer
from cotrace.errors import InputError
from cotrace.images import _decoders, _files, _pdq

Image = pytest.importorskip("PIL.Image", reason="needs Pillow: pip install 'cotrace[images]'")
ImageDraw = pytest.importorskip("PIL.ImageDraw")
_decoder = pytest.importorskip("cotrace.images._decoder")
SIZES = [(300, 200), (64, 64), (640, 480), (511, 77), (128, 129), (100, 1000), (7, 9)]


def picture(seed: int, width: int = 640, height: int = 480) -> "Image.Image":
    """Soft areas with a dozen ellipses on them; nobody's photograph."""
    dice = np.random.default_rng(seed)
    soft = dice.integers(0, 255, (int(dice.integers(4, 14)), int(dice.integers(4, 14)), 3), dtype=np.uint8)
    made = Image.fromarray(soft).resize((width, height), Image.Resampling.BICUBIC)
    pen = ImageDraw.Draw(made)
    for _ in range(12):
        x, y = int(dice.integers(0, width)), int(dice.integers(0, height))
        pen.ellipse([x, y, x + int(dice.integers(5, width // 3 + 6)), y + int(dice.integers(5, height // 3 + 6))],
                    fill=tuple(int(colour) for colour in dice.integers(0, 255, 3)))
    return made


def saved(made: "Image.Image", kind: str, **how: object) -> bytes:
    file = io.BytesIO()
    made.save(file, kind, **how)
    return file.getvalue()


def apart(a: str, b: str) -> int:
    return (int(a, 16) ^ int(b, 16)).bit_count()


# -------------------------------------------------------------------------------------------- the hash

def drawn(seed: int, width: int, height: int) -> np.ndarray:
    """Waves and boxes, in whole numbers and without any library of pictures: the same pixels everywhere."""
    dice = np.random.default_rng(seed)
    rows, columns = np.arange(height)[:, None], np.arange(width)[None, :]
    made = np.zeros((height, width, 3), dtype=np.int64)
    for colour in range(3):
        for _ in range(4):
            down, right, period = (int(number) for number in dice.integers(1, 9, 3))
            made[..., colour] += np.abs((down * rows * 300 // height + right * columns * 300 // width)
                                        % (period * 80) - period * 40) * 128 // (period * 80)
    for _ in range(6):
        top, left = int(dice.integers(height)), int(dice.integers(width))
        down, right = int(dice.integers(1, height // 2 + 2)), int(dice.integers(1, width // 2 + 2))
        made[top : top + down, left : left + right] = dice.integers(0, 256, 3)
    return (made.clip(0, 255) * (1 + seed) // 16).astype(np.uint8)  # the first are so dark that little is in them


KNOWN = json.loads((Path(__file__).parent / "golden" / "pdq.json").read_text())["hashes"]  # seed → hash, quality


@pytest.mark.parametrize("seed", range(14))
def test_the_hash_and_the_quality_are_those_of_the_reference(seed):
    """Those of pdqhash 0.2.8, written down once; where it is installed, those that it gives today as well."""
    pixels = drawn(seed, *SIZES[seed % len(SIZES)])
    known = [tuple(KNOWN[seed])]
    with contextlib.suppress(ImportError):
        known += [reference(pixels), reference(np.asarray(picture(seed, *SIZES[seed % len(SIZES)])))]

    found = [_pdq.pdq(picture_of @ np.array([0.299, 0.587, 0.114])) for picture_of in (
        pixels, pixels, np.asarray(picture(seed, *SIZES[seed % len(SIZES)])))]

    for (bits, quality), (right, told) in zip(found, known, strict=False):
        assert apart(bits, right) <= 2, "bits at the median may fall to either side"
        assert abs(quality - told) <= 1


def reference(pixels: np.ndarray) -> tuple[str, int]:
    """What the makers' own code says; not among what is installed for the tests."""
    import pdqhash

    bits, quality = pdqhash.compute(pixels)
    return f"{int(''.join(map(str, bits)), 2):064x}", int(quality)


def test_a_known_picture_has_a_known_hash():
    """Without the reference at hand: a slope with three boxes on it, hashed once with pdqhash 0.2.8."""
    pixels = np.add.outer(np.arange(96), np.arange(128))
    pixels[20:50, 30:90], pixels[60:80, 10:25], pixels[55:90, 95:101] = 250, 3, 128

    assert _pdq.pdq(pixels) == ("f86907f6be070fda97961e0696966969c1f9780dc1f849f9b40707961e16f061", 90)


@pytest.mark.parametrize("seed", range(6))
def test_what_platforms_do_to_a_picture_changes_few_bits_and_another_picture_changes_half(seed):
    original = picture(seed)
    first, quality = _decoder.fingerprint(saved(original, "PNG"))
    again = [saved(original, "JPEG", quality=40), saved(original, "WEBP", quality=60), saved(original, "GIF"),
             saved(original.resize((320, 240)), "JPEG"), saved(original.resize((1280, 960)), "JPEG")]

    assert quality >= 50
    assert max(apart(first, _decoder.fingerprint(raw)[0]) for raw in again) <= 31
    assert apart(first, _decoder.fingerprint(saved(picture(seed + 100), "PNG"))[0]) > 80


def test_a_blank_card_has_no_quality_and_a_photograph_with_a_clear_border_lies_on_white():
    blank = saved(Image.new("RGB", (400, 300), "white"), "PNG")
    card = Image.new("RGBA", (640, 480), (255, 0, 0, 0))  # clear, and red to whoever does not look at that
    card.paste(picture(1, 600, 440), (20, 20))
    on_white = Image.new("RGB", (640, 480), "white")
    on_white.paste(picture(1, 600, 440), (20, 20))

    assert _decoder.fingerprint(blank)[1] == 0
    assert _decoder.fingerprint(saved(card, "PNG")) == _decoder.fingerprint(saved(on_white, "PNG"))


def test_of_an_animation_the_first_image_counts():
    frames = [picture(seed, 200, 150) for seed in (1, 2, 3)]
    for kind in ("GIF", "WEBP"):
        moving = saved(frames[0], kind, save_all=True, append_images=frames[1:], duration=100)
        still = _decoder.fingerprint(saved(frames[0], kind))[0]
        assert apart(_decoder.fingerprint(moving)[0], still) <= 31


# ---------------------------------------------------------------------------------------- hostile pictures

def png(width: int, height: int, body: bytes = b"") -> bytes:
    """A PNG that says how large it is, whatever is in it."""
    def chunk(kind: bytes, raw: bytes) -> bytes:
        return struct.pack(">I", len(raw)) + kind + raw + struct.pack(">I", zlib.crc32(kind + raw))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(body)) + chunk(b"IEND", b"")


HOSTILE = {
    "nothing": (b"", _decoder.NOT_A_PICTURE),
    "words": (b"GIF, or so it says", _decoder.NOT_A_PICTURE),
    "a vector picture that fetches": (b"<svg><image href='https://n.example/'/></svg>", _decoder.NOT_A_PICTURE),
    "another format": (saved(Image.new("RGB", (90, 90)), "BMP"), _decoder.NOT_A_PICTURE),
    "a bomb": (png(60_000, 60_000), _decoder.TOO_MANY_PIXELS),
    "too many pixels": (png(7_100, 7_100), _decoder.TOO_MANY_PIXELS),
    "a promise": (png(500, 500, b"\0" * 40), _decoder.BROKEN),
    "a dot": (saved(Image.new("RGB", (4, 900)), "PNG"), _decoder.TOO_SMALL),
    "half a JPEG": (saved(picture(1), "JPEG")[:3000], _decoder.BROKEN),
    "half a WebP": (saved(picture(1), "WEBP")[:2000], None),
    "half a GIF": (saved(picture(1), "GIF")[:900], _decoder.BROKEN),
    "a long text chunk": (saved(picture(1, 50, 50), "PNG").replace(b"IDAT", b"zTXt", 1), None),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_picture_is_refused_with_a_reason(name):
    raw, reason = HOSTILE[name]

    with pytest.raises(_decoder.Refused) as why:
        _decoder.fingerprint(raw)

    assert str(why.value) == reason or (reason is None and str(why.value) in (_decoder.BROKEN, _decoder.NOT_A_PICTURE))


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF"])
def test_a_picture_with_any_byte_changed_has_a_hash_or_a_reason(kind):
    raw, dice = saved(picture(3, 60, 40), kind), np.random.default_rng(5)
    for _ in range(60):
        broken = bytearray(raw)
        broken[int(dice.integers(len(raw)))] ^= int(dice.integers(1, 256))
        try:
            found, _ = _decoder.fingerprint(bytes(broken))
            assert len(found) == 64
        except _decoder.Refused:
            pass


def test_a_decoder_that_dies_costs_one_picture_and_is_replaced():
    good = saved(picture(1, 90, 90), "PNG")
    with _decoders.Decoders() as decoders:
        first = decoders.answer(good)
        decoders._started[0].kill()
        decoders._started[0].wait()
        decoders._of_thread.process.poll = lambda: None  # as if it had died on the way, and not before
        died = decoders.answer(good)
        del decoders._of_thread.process
        again = decoders.answer(good)

    assert died == ("-", _decoders.DIED)
    assert first == again and len(first[0]) == 64


def test_a_decoder_that_takes_too_long_is_stopped(monkeypatch):
    monkeypatch.setattr(_decoders, "LONGEST_S", 0.01)  # less than a Python takes to start
    with _decoders.Decoders() as decoders:
        assert decoders.answer(saved(picture(1, 90, 90), "PNG")) == ("-", _decoders.DIED)


@pytest.mark.slow
def test_the_largest_picture_fits_into_the_memory_of_a_decoder():
    made = Image.effect_noise((7000, 7100), 90).resize((7000, 7100)).convert("RGBA")
    with _decoders.Decoders() as decoders:
        assert len(decoders.answer(saved(made, "PNG", compress_level=1))[0]) == 64


# ---------------------------------------------------------------------------------------- files and posts

@pytest.fixture
def folder(tmp_path) -> Path:
    (tmp_path / "pictures" / "deep").mkdir(parents=True)
    (tmp_path / "pictures" / "one.png").write_bytes(saved(picture(1), "PNG"))
    (tmp_path / "pictures" / "deep" / "one again, small.jpg").write_bytes(saved(picture(1).resize((320, 240)), "JPEG"))
    (tmp_path / "pictures" / "two.webp").write_bytes(saved(picture(2), "WEBP"))
    (tmp_path / "secret.png").write_bytes(saved(picture(9), "PNG"))
    return tmp_path / "pictures"


def posts(where: Path, media: list[str], name: str = "posts.csv") -> Path:
    table = pl.DataFrame({"id": [f"p{n}" for n in range(len(media))], "user_id": [f"u{n}" for n in range(len(media))],
                          "created_at": [f"2026-03-01T12:00:{n:02d}Z" for n in range(len(media))], "media": media})
    table.write_csv(where / name)
    return where / name


def test_posts_that_name_files_become_posts_that_pair(folder, tmp_path):
    file = posts(tmp_path, ["one.png", "deep/one again, small.jpg", "two.webp", "two.webp;one.png", ""])

    done = images.hashed(file, below=folder, out=tmp_path / "out.jsonl")

    read = reading.read([tmp_path / "out.jsonl"], columns={"media": done.column})
    actions, without = traces.act("similar_image", read.posts)
    told = {frozenset(actor.rpartition(":")[2] for actor in of) for _, of in actions.group_by("object").agg(
        pl.col("actor")).iter_rows()}
    assert told == {frozenset({"u0", "u1", "u3"}), frozenset({"u2", "u3"})} and without == 1
    assert (done.records, done.pictures, done.hashed, done.telling, done.refused) == (5, 3, 3, 3, {})
    rows = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines()]
    assert [row["id"] for row in rows] == [f"p{n}" for n in range(5)]
    assert rows[1]["media_files"] == ["deep/one again, small.jpg"] and rows[4]["media"] == []


def test_only_files_below_the_folder_are_opened(folder, tmp_path):
    os.symlink(tmp_path / "secret.png", folder / "link.png")
    os.symlink(tmp_path, folder / "up")
    os.symlink("two.webp", folder / "inside.webp")
    os.mkfifo(folder / "pipe.png")
    refused = {
        "../secret.png": _files.OUTSIDE, str(tmp_path / "secret.png"): _files.OUTSIDE, "link.png": _files.OUTSIDE,
        "up/secret.png": _files.OUTSIDE, "pipe.png": _files.NO_FILE, "deep": _files.NO_FILE,
        "none.png": _files.NOT_THERE,
        "https://n.example/one.png": _files.NOT_FETCHED, "file:///etc/passwd": _files.NOT_FETCHED,
        "data:image/png;base64,AAAA": _files.NOT_FETCHED, "a" * 5000: _files.NOT_THERE, "one\0.png": _files.NO_NAME,
        "": _files.NO_NAME}
    read = _files.Folder(folder).read

    for name, reason in refused.items():
        with pytest.raises(_files.Refused, match=f"^{reason}$"):
            read(name)
    assert read("inside.webp") == read("deep/../two.webp") == (folder / "two.webp").read_bytes()


def test_a_file_larger_than_any_picture_is_not_read(folder, monkeypatch):
    monkeypatch.setattr(_files, "LARGEST", 1000)
    with pytest.raises(_files.Refused, match="larger"):
        _files.Folder(folder).read("one.png")


def test_hashes_that_stand_there_stay_and_what_gives_none_is_counted(folder, tmp_path):
    given = "ab" * 32
    file = posts(tmp_path, [f"{given},one.png", "../secret.png", "none.png|two.webp", f"PDQ:{given}:70"])

    done = images.hashed(file, below=folder, out=tmp_path / "out.jsonl", workers=1)

    media = [json.loads(line)["media"] for line in (tmp_path / "out.jsonl").read_text().splitlines()]
    assert media[0][0] == given and len(media[0]) == 2 and media[3] == [f"PDQ:{given}:70"]
    assert media[1] == [] and len(media[2]) == 1
    assert done.refused == {_files.OUTSIDE: (1, ("../secret.png",)), _files.NOT_THERE: (1, ("none.png",))}


def test_the_command_says_what_became_of_the_pictures(folder, tmp_path, capsys):
    file, out = posts(tmp_path, ["one.png", "none.png"]), tmp_path / "out.jsonl"

    assert answer(["images", str(file), "--below", str(folder), "--out", str(out), "--json"]) == 0
    said = capsys.readouterr()
    assert json.loads(said.out)["hashed"] == 1 and "run" in said.err and "none.png" in said.err
    assert answer(["images", str(file), "--below", str(folder), "--out", str(out)]) == 2, "never over a file"
    assert answer(["images", str(file), "--below", str(tmp_path / "no"), "--out", str(tmp_path / "b")]) == 2
    asked = ["images", str(file), "--below", str(folder), "--out", str(tmp_path / "b"), "--column", "media=x"]
    assert answer(asked) == 2
    assert "no column 'x'" in capsys.readouterr().err


def test_another_column_can_hold_the_names(folder, tmp_path):
    table = pl.read_csv(posts(tmp_path, ["one.png", "two.webp"])).rename({"media": "picture"})
    table.write_csv(tmp_path / "other.csv")
    with pytest.raises(InputError, match="--column media=THEIRS"):
        images.hashed(tmp_path / "other.csv", below=folder, out=tmp_path / "out.jsonl")

    done = images.hashed(tmp_path / "other.csv", below=folder, out=tmp_path / "out.jsonl", column="picture")

    assert done.column == "picture" and done.hashed == 2


def test_without_pillow_only_computing_is_disabled(tmp_path):
    """A Python that finds no Pillow: the trace reads given hashes, and the command says what to install."""
    code = ("import sys, importlib.abc\n"
            "class No(importlib.abc.MetaPathFinder):\n"
            "    def find_spec(self, name, path=None, target=None):\n"
            "        if name.split('.')[0] == 'PIL': raise ModuleNotFoundError(name)\n"
            "sys.meta_path.insert(0, No())\n"
            "import importlib.util; real = importlib.util.find_spec\n"
            "importlib.util.find_spec = lambda name, *rest: None if name == 'PIL' else real(name, *rest)\n"
            "from cotrace import cli, traces\n"
            "print(traces.get('similar_image').name, flush=True)\n"
            "sys.exit(cli.answer(['images', 'p.csv', '--below', '.', '--out', 'o.jsonl']))\n")

    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path, check=False)

    assert said.stdout.strip() == "similar_image"
    assert said.returncode == 2 and "cotrace[images]" in said.stderr
