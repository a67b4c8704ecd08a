"""The worlds: each a few lines on one generator, with the truth that it states."""

from collections.abc import Callable

from . import _groups as groups
from . import _operations as operations
from ._plot import LINK, Plot


def nobody(seed: int) -> Plot:
    """Nobody coordinates: ordinary life, super-fans, viral items, words that belong to nobody."""
    plot = Plot(seed, accounts=800, items=1300, shares=10_000, days=14, fans=0.05)
    plot.burst(2, 200)
    plot.stock(2, 30)
    groups.fans(plot)
    return plot


def ring(seed: int) -> Plot:
    """Five rings of ten accounts that push 15 links each within ± 300 s, beside ordinary life; none is known."""
    plot = Plot(seed, accounts=800, items=1300, shares=10_000, days=14, fans=0.05)
    groups.fans(plot)
    for number in range(5):
        members = plot.recruit(10)
        plot.push(members, plot.pick_items(15), LINK, jitter_s=300)
        plot.declare(f"ring-{number + 1}", "accounts that push links within five minutes", members, label="operation",
                     coordinated=True, inauthentic=True)
    return plot


def readers(seed: int) -> Plot:
    """An identified operation, and innocent people who copy what three of its accounts post, always after them."""
    plot = Plot(seed, accounts=900, items=1400, shares=11_000, days=14, fans=0.05)
    groups.fans(plot)
    members = operations.lantern(plot, size=26, pages=0, known=12)
    for original in members[:3]:
        groups.readers(plot, int(original), 15)
    return plot


def demo(seed: int) -> Plot:
    """Three operations of different trade-craft, one of them partly known, among honest groups that look like them."""
    plot = Plot(seed, accounts=2000, items=2000, shares=13_000, days=21, fans=0.05)
    plot.burst(2, 250)
    plot.circulate(plot.write_items([plot.lexicon.sentence(2, 11, 17) for _ in range(60)]), 8)
    plot.stock(3, 40)
    groups.fans(plot)
    groups.volunteers(plot, 14)
    groups.syndicate(plot, 6)
    groups.bots(plot, 5)
    members = operations.lantern(plot, size=28, pages=4, known=12)
    operations.copyists(plot, 14)
    operations.slow(plot, 12)
    groups.readers(plot, int(members[0]), 12)
    return plot


TOLD: dict[str, Callable[[int], Plot]] = {"demo": demo, "nobody": nobody, "ring": ring, "readers": readers}
