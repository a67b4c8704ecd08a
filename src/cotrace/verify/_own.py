"""What verification holds a dossier to, because the dossier does not decide it: the rules of signs, explanations and
indicators, and the words in which cotrace describes them and its behaviours.

Somebody who may write these could have any verdict and any sentence follow. They are those of the modules in
`verdicts`, `attribution` and `traces`; a test holds the two together.
"""

import hashlib
import re
from collections.abc import Sequence

from ..derive import ACCUSATIONS, Tables
from ..errors import VerificationError

# sign: column, profile, open, says; a stretch of days is written where {stretch} stands
SIGNS = {
    "avatars": ("avatar", "yes", "yes",
        "Half of the members or more show one and the same picture."),
    "bios": ("bio", "yes", "yes",
        "Half of the members or more describe themselves with the same run of words."),
    "clients": ("client", "no", "no",
        "Half of the members or more post with the same program, which few others use."),
    "created": ("created", "yes", "no",
        "Half of the members or more were created within {stretch}."),
    "handles": ("handle", "yes", "no",
        "Half of the members or more have handles of one pattern of letters and digits that no word or date "
        "explains."),
    "joint": ("at", "no", "no",
        "Half of the members or more do half of what they do close to somebody else's act on the same thing."),
    "operators": ("account", "yes", "no",
        "Half of the members or more are filled by one and the same account."),
    "renamed": ("handle", "yes", "no",
        "Half of the members or more changed their handle in these posts, or took one that another account had."),
    "schedule": ("at", "no", "no",
        "Half of the members or more keep the same hours of the day, also where they act alone."),
    "silenced": ("at", "no", "no",
        "Half of the members or more fell silent within {stretch}, a week or longer before these posts end."),
    "sources": ("registry", "yes", "no",
        "Half of the members or more are listed as a source that somebody identified before, or likely linked to one"
        " by what they are."),
}

# explanation: covers, needs, says, pro, contra
EXPLANATIONS = {
    "agency": ("account;at;avatar;bio;client;created;handle", "67",
        "An agency: one firm that says openly that it posts for its clients.",
        "members whose name, handle or description names an agency, or says that it posts for a client",
        "members whose description is known and does not say it"),
    "automation": ("account;at;avatar;bio;client;created;handle", "67",
        "Labelled automation: accounts that say openly that a program posts for them.",
        "members whose name, handle or description says that they are automatic",
        "members whose description is known and does not say it"),
    "diaspora": ("at", "67",
        "A diaspora: people of one language in several time zones, who have its news in common.",
        "members that post mostly in one language in which few others of these posts are written",
        "members whose busiest six hours of the day are those of most members: they live in one zone"),
    "fans": ("at;avatar;bio", "67",
        "A fan community: people who openly carry what they are fans of.",
        "members that openly carry one word which the cluster also posts about, or call themselves fans",
        "members that do little else: nine tenths of their posts are close to somebody else's on the same thing"),
    "management": ("account;at;avatar;bio;client;created;handle", "67",
        "Disclosed common management: one house that shows itself, by its name, its site, or how its posts are "
        "signed.",
        "members that carry one brand in their names, one site, one signature under their posts or one description "
        "that says who runs them",
        "members that show no tie to any other"),
    "newcomers": ("created", "67",
        "Newcomers: people who joined the platform, each in its own hour, when the thing began that they act on.",
        "members created in the thirty days before they first acted together, or later",
        "members created within one hour of another member"),
    "protest": ("at;avatar;bio", "67",
        "A union or a protest: people who say that they are part of it, and act at its hours.",
        "members whose name, handle or description speaks of a union, a strike or a protest",
        "members that do little else: nine tenths of their posts are close to somebody else's on the same thing"),
    "syndication": ("at;client", "67",
        "Syndication: outlets that carry the same feed, as newspapers carry a wire service.",
        "members that are pages or channels, or call themselves a news outlet",
        "pairs that act together in something that no feed delivers, such as reposts and replies"),
    "viral": ("at", "67",
        "Viral: everybody shared it at once, and these were among them.",
        "things they met on that twenty others or more took up in the hour before, or while they did",
        "things they met on that nobody else took up"),
    "volunteers": ("at;avatar;bio;client", "67",
        "Campaign or relief volunteers: people who say that they help, with talking points in common.",
        "members whose name, handle or description says that they volunteer, campaign or bring relief",
        "members that do little else: nine tenths of their posts are close to somebody else's on the same thing"),
}

LISTED = "The registry itself names this actor."
# indicator: the most that its ratio may be, what it may say
INDICATORS = {
    "content": (20, (
        "The actor published the same texts or links as accounts that the registry names.",
        "The actor published texts or links that the registry names as the source's.")),
    "coordination": (100, (
        "The actor acts together with accounts that the registry names, more often than chance explains.",)),
    "identity": (30, (
        "The actor declares as its own a site that the registry names as the source's.",
        "The actor carries a handle that the registry names, but not within the dates for which it was identified: "
        "handles are recycled, so this is a lead and no evidence.")),
}

# behaviour: SHA-256 of its method, which is longer than one would read here; docs/traces.md has it
METHODS = {
    "rapid_repost": "947767740fb729be24c507f97bf777ecce80d25b192e2f60bf87c238bdab91ec",
    "reply_target": "047f1e2174193402ff1bd267fce4146361477140e556d8d089d47207a9b3f380",
    "repost": "215bd0105cd910df2023122ab9914fe846ffd10a09285c1c8fddbbabfe70f437",
    "same_text": "e172cbd377a0fa99fd61c55226514061bc5a97702d943e1bac5b5c6a48beee27",
    "shared_link": "5f9fbb69ba7bd391a3fef1c7be94310b4ca7f77b99950281e633205194eb3b2a",
    "similar_image": "1dc487be873ba918931daa5b86b71554024df373a5f278389da52938323a4dee",
    "similar_text": "929d5c95ddc14b31de7268254013377d6f674a433906d6dad635bd4bc955e61d",
    "tag_sequence": "38fe475d810fd3d5084bb8178c006724c0c8b103b11704586bb8d62e4aa29c0d",
}
OFF = re.compile(r"|it is bound to seconds, and the times of these posts are known to [1-9][0-9]{0,11} s only")
STRETCH = "some days|one day|[1-9][0-9]{0,3} days"


def check_words(tables: Tables) -> None:
    """What the dossier says in cotrace's own words is what cotrace says. Whether a note is one of its notes is not
    known here; it accuses nobody."""
    for trace, method, *_, off in tables.rows("traces"):
        _same("the behaviour", trace, [hashlib.sha256(method.encode("utf-8")).hexdigest()],
              [METHODS[trace]] if trace in METHODS else None)
        if not OFF.fullmatch(off):
            raise VerificationError(f"Why the behaviour {trace!r} was not looked for is told in words that are not "
                                    "cotrace's.")
    for row in tables.rows("signs"):
        own = SIGNS.get(row[1])
        _same("the sign", row[1], [row[2], row[3], row[17]], own and [own[0], own[1], own[2]])
        if own and not re.fullmatch(re.escape(own[3]).replace(r"\{stretch\}", f"({STRETCH})"), row[4]):
            _same("the sign", row[1], [row[4]], [own[3]])
    for row in tables.rows("explanations"):
        _same("the explanation", row[1], row[2:7], EXPLANATIONS.get(row[1]))
    for table, known in (("signs", SIGNS), ("explanations", EXPLANATIONS)):
        for cluster in tables.cells("clusters", "cluster"):
            if {row[1] for row in tables.where(table, {"cluster": cluster})} != set(known):
                raise VerificationError(f"Cluster {cluster} was not looked at for the {table} that this version knows: "
                                        f"{', '.join(known)}.")
    for row in tables.rows("grounds"):
        says = [LISTED, *INDICATORS.get(row[3], (0, ()))[1]]
        _same("the indicator", row[3], [row[4]], [row[4]] if row[3] in INDICATORS and row[4] in says else None)
    for _, text in tables.rows("notes"):
        if found := ACCUSATIONS.search(text):
            raise VerificationError(f"A note says {found.group()!r}, which is no finding of this method.")


def _same(what: str, name: str, said: Sequence[str], own: Sequence[str] | None) -> None:
    if own is None or list(said) != list(own):
        raise VerificationError(f"{what.capitalize()} {name[:60]!r} is described in words, or has rules, that are not "
                                "those of this version of cotrace.")
