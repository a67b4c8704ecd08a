"""What does the statement look like? Takes the pictures of docs/img from a dossier, with Debian's chromium.

    python docs/pictures.py demo/case [chromium]

It needs playwright (a development dependency) and a chromium (`apt-get install chromium fonts-noto-cjk`). It fetches
nothing: the page forbids itself every connection, and this checks that none was tried.
"""

import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

IMAGES = Path(__file__).parent / "img"
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync"]
SHOTS = (  # name, width, height, scheme, what to show (None: the first screen)
    ("statement", 1180, 860, "light", None),
    ("statement-dark", 1180, 860, "dark", None),
    ("statement-phone", 390, 844, "light", None),
    ("cluster", 1180, 1120, "light", "section.cluster .pair"),
    ("cluster-dark", 1180, 1120, "dark", "section.cluster .pair"),
    ("occasion", 1180, 420, "light", ".occasion"),
    ("placebo", 1180, 620, "light", "#chance figure"),
)


def take(page: Page, name: str, width: int, height: int, what: str | None) -> None:
    """One picture: the first screen, or from the first such element downwards."""
    top = 0.0
    if what is not None:
        found = page.locator(what).first
        if not found.count():
            sys.stdout.write(f"{name}: not on this page\n")
            return
        box = found.bounding_box()
        top = box["y"] - 12 if box else 0.0
    page.screenshot(path=IMAGES / f"{name}.png", full_page=True,
                    clip={"x": 0, "y": top, "width": width, "height": height})
    sys.stdout.write(f"docs/img/{name}.png\n")


def main(case: str, chromium: str = "/usr/bin/chromium") -> None:
    place = (Path(case) / "statement.html").resolve().as_uri()
    IMAGES.mkdir(exist_ok=True)
    asked: list[str] = []
    with sync_playwright() as play, tempfile.TemporaryDirectory() as profile:
        for name, width, height, scheme, what in SHOTS:
            browser = play.chromium.launch_persistent_context(
                f"{profile}/{name}", executable_path=chromium, args=FLAGS, color_scheme=scheme,
                viewport={"width": width, "height": height})
            page = browser.new_page()
            page.on("request", lambda request: asked.append(request.url))
            page.goto(place)
            take(page, name, width, height, what)
            browser.close()
    if others := sorted(set(asked) - {place}):
        raise SystemExit(f"The page asked for {others}")


if __name__ == "__main__":
    main(*sys.argv[1:3])
