"""Invented languages: words, headlines and names that no person, party or place has.

Words are drawn from syllables, so that whatever they resemble they resemble by chance. Each taste of the platform has
its own words beside those that everybody uses, and three of the eight write in other scripts than plain Latin.
"""

import numpy as np

SCRIPTS = {  # consonants, vowels, what stands between words
    "plain": ("b d f g k l m n p r s t v z br dr st tr kl sh", "a e i o u ai ou ea", " "),
    "marked": ("č ď ħ ł ñ ř š ţ ž v m k pr tł", "á é í ó ů ø ä ý", " "),
    "cyrillic": ("б в г д ж з к л м н п р с т ф х ц ч ш", "а е и о у я ю ы", " "),
    "arabic": ("ب ت ج ح د ر ز س ش ط ع ف ق ك ل م ن", "ا و ي ه", " "),
    "hangul": ("가 나 다 라 마 바 사 아 자 차 카 타 파 하", "고 노 도 로 모 보 소", " "),
}
TASTE_SCRIPTS = ("plain", "plain", "plain", "marked", "plain", "cyrillic", "arabic", "hangul")
LANGS = {"plain": "qaa", "marked": "qab", "cyrillic": "qac", "arabic": "qad", "hangul": "qae"}  # ISO 639-2, private use
COMMON, OWN = 260, 420  # words that all who write a script use, and words of one taste


class Lexicon:
    """The words of one world; one seed, one lexicon."""

    def __init__(self, rng: np.random.Generator) -> None:
        self._rng = rng
        shared = {script: self._invent(script, COMMON) for script in SCRIPTS}
        self._words = [np.concatenate([shared[script], self._invent(script, OWN)]) for script in TASTE_SCRIPTS]
        rank = np.concatenate([np.arange(1, COMMON + 1), np.arange(1, OWN + 1) * 1.6])
        self._bounds = np.cumsum(1.0 / rank**0.9)

    def _invent(self, script: str, count: int) -> np.ndarray:
        starts, middles, _ = (part.split(" ") for part in SCRIPTS[script])
        made: dict[str, None] = {}
        while len(made) < count:
            beats = self._rng.integers(1, 4) + (len(made) > 40)  # short words are the common ones
            made["".join(self._one(starts) + self._one(middles) for _ in range(beats))] = None
        return np.array(list(made), dtype=object)

    def _one(self, parts: list[str]) -> str:
        return parts[self._rng.integers(len(parts))]

    def words(self, taste: int, count: int) -> list[str]:
        """`count` words as somebody of that taste uses them, common ones more often."""
        drawn = np.searchsorted(self._bounds, self._rng.random(count) * self._bounds[-1], side="right")
        return self._words[taste][drawn].tolist()

    def sentence(self, taste: int, low: int = 8, high: int = 16) -> str:
        """A sentence of `low` to `high` words."""
        words = self.words(taste, int(self._rng.integers(low, high + 1)))
        words[0] = words[0].capitalize()
        if len(words) > 9:
            words[len(words) // 2] += ","
        return " ".join(words) + "."

    def headline(self, taste: int) -> str:
        """What an outlet prints above an item, long enough to be told apart from a greeting."""
        return " ".join(word.capitalize() for word in self.words(taste, int(self._rng.integers(8, 13))))

    def name(self, taste: int = 0) -> str:
        """A display name of two words."""
        return " ".join(self._word(taste).capitalize() for _ in range(2))

    def slug(self, syllables: int = 3) -> str:
        """Letters that can stand in an address."""
        starts, middles, _ = (part.split(" ") for part in SCRIPTS["plain"])
        return "".join(self._one(starts) + self._one(middles) for _ in range(syllables))

    def _word(self, taste: int) -> str:
        return str(self._words[taste][self._rng.integers(20, COMMON + OWN)])

    def disguise(self, text: str) -> str:
        """The same words with what copiers change without thinking: case, spacing, a mention."""
        turn = self._rng.random(3)
        if turn[0] < 0.4:
            words = text.split(" ")
            loud = int(self._rng.integers(len(words)))
            text = " ".join(word.upper() if i == loud else word for i, word in enumerate(words))
        if turn[1] < 0.3:
            text = text.replace(" ", "  ", 2)
        return f"@{self.slug(2)} {text}" if turn[2] < 0.4 else text

    def edit(self, taste: int, text: str) -> str:
        """One or two words replaced: no longer the same text, and still a copy to any reader."""
        words = text.split(" ")
        for at in self._rng.choice(len(words), min(2, len(words)), replace=False):
            words[at] = self._word(taste)
        return " ".join(words)
