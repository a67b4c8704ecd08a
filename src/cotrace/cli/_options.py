"""What an option means that several commands take, told once."""

from ..errors import InputError


def columns(given: list[str] | None, *, example: str = "post=tweet_id") -> dict[str, str]:
    """`--column ours=theirs` as a mapping, split at the first equals sign; nothing on the right: no such column.

    Raises:
        InputError: no equals sign, or one of ours twice.
    """
    chosen: dict[str, str] = {}
    for one in given or []:
        ours, sign, theirs = (part.strip() for part in one.partition("="))
        if not sign or not ours:
            raise InputError(f"--column takes OURS=THEIRS; found {one!r}.\nFor example:  --column {example}")
        if ours in chosen:
            raise InputError(f"--column names {ours!r} twice.\nA post has one column of each name.")
        chosen[ours] = theirs
    return chosen
