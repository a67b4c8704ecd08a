"""Runs the built wheel without the source tree and without any extra; called by `make wheel`, not by pytest.

    python -P tests/run_wheel.py FOLDER     where the wheel was unpacked
"""

import importlib.util
import sys
import tempfile
from pathlib import Path

EXTRAS = ("cryptography", "zstandard")


class NotInstalled:
    """Makes the extras as absent as in a plain `pip install cotrace`."""

    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in EXTRAS:
            raise ModuleNotFoundError(name)


def main(folder: str) -> None:
    sys.meta_path.insert(0, NotInstalled())
    find_spec = importlib.util.find_spec  # answers None for what is absent, where a finder can only refuse
    importlib.util.find_spec = lambda name, *of: None if name.split(".")[0] in EXTRAS else find_spec(name, *of)
    import cotrace
    from cotrace.cli import answer

    where = Path(cotrace.__file__)
    assert where.is_relative_to(folder), f"{where} is not the wheel's: the source tree was imported"
    assert answer(["--help"]) == 0
    with tempfile.TemporaryDirectory() as scratch:
        world = Path(scratch) / "world"
        assert answer(["simulate", "--out", str(world), "--world", "ring", "--seed", "1", "-q"]) == 0
        posts = sorted(str(path) for path in world.iterdir() if path.name.startswith("posts"))
        plan = Path(scratch) / "plan.toml"
        plan.write_text("placebos = 1\n")
        case = Path(scratch) / "ring.case"
        assert answer(["run", *posts, "--case", str(case), "--plan", str(plan), "-q"]) == 0
        assert answer(["verify", str(case / "dossier.zip"), "-q"]) == 0
        key = answer(["key", "new", str(Path(scratch) / "key"), "-q"])
        assert key == 2, f"a missing extra leaves with 2 and an install hint, not {key}"
    print("wheel: runs without the source tree and without extras")


main(sys.argv[1])
