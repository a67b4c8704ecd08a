"""`cotrace simulate`: a world whose truth is known, as raw files."""

from pathlib import Path
from typing import Annotated

import typer

from . import _terminal as terminal


def simulate(
    out: Annotated[Path, typer.Option(metavar="DIR", help="Folder to write; absent or empty.")],
    world: Annotated[str, typer.Option(metavar="NAME", help="Which world; docs/worlds.md tells of each, "
                                               "and a name that is none lists them.")] = "demo",
    seed: Annotated[int, typer.Option(metavar="N", min=0, help="The same seed gives the same bytes.")] = 0,
    size: Annotated[float, typer.Option(metavar="X", help="Of the platform: 1 is about 10,000 posts, 100 a million. "
                                                          "The groups in it do not grow.")] = 1.0,
) -> None:
    """Make a small platform with everybody's posts, and the truth beside it.

    Everything is invented. README.txt in the folder says what each file holds.
    """
    from .. import simulate as worlds

    made = worlds.world(world, seed=seed, size=size)
    files = worlds.write(made, out)
    terminal.result({"world": world, "seed": seed, "size": size, "posts": made.posts.height,
                     "actors": made.labels.height, **{name: str(path) for name, path in files.items()}})
