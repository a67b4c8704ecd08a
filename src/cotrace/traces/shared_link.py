"""Accounts that publish the same link."""

import re
from urllib.parse import parse_qsl, quote, unquote

import polars as pl

from . import trace

# Parameters that say who clicked or where, never which page. Short names that mean a page elsewhere are not in the
# general list: two pages taken for one would be an accusation, one page taken for two is a pair not seen.
TRACKING = re.compile(
    r"utm_.*|at_(?:medium|campaign|custom\d|link_.*|format|ptr_name|bbc_team)|mtm_.*|pk_.*|hsa_.*|__twitter_impression"
    r"|fbclid|gclid|gclsrc|dclid|gbraid|wbraid|msclkid|yclid|ysclid|twclid|ttclid|igshid|igsh|li_fat_id|mc_cid|mc_eid"
    r"|mkt_tok|_hsenc|_hsmi|_ga|_gl|_openstat|vero_id|wickedid|oly_(?:anon|enc)_id|s_cid|cmpid|ocid|ncid|smid|smtyp"
    r"|ref_src|ref_url|xtor|fb_action_(?:ids|types)|fb_source|fb_ref|share_source|guccounter|guce_referrer(?:_sig)?|amp|outputtype")
TRACKING_AT = {"x.com": {"s", "t", "ref"}, "youtube.com": {"si", "feature", "ab_channel", "pp"},
               "open.spotify.com": {"si"}, "vk.com": {"from"}, "facebook.com": {"__tn__", "__cft__[0]", "mibextid"}}
SAME_HOST = {"twitter.com": "x.com", "fb.com": "facebook.com", "telegram.me": "t.me", "vkontakte.ru": "vk.com"}
VARIANTS = frozenset(("www", "www2", "www3", "m", "mobile", "amp", "touch"))  # host labels of one site's other faces

# Pages whose address holds the address they lead to: host, path, parameter. Nothing is ever fetched.
WRAPPERS = (
    (r"(?:lm?\.)?facebook\.com", r"/l\.php|/flx/warn/?", "u"), (r"l\.(?:instagram|threads)\.(?:com|net)", r"/?", "u"),
    (r"google\.[a-z.]{2,6}", r"/url", "q"), (r"google\.[a-z.]{2,6}", r"/url", "url"),
    (r"t\.umblr\.com", r"/redirect", "z"), (r"youtube\.com", r"/redirect", "q"),
    (r"(?:away\.)?vk\.com", r"/away(?:\.php)?", "to"), (r"out\.reddit\.com", r"/.*", "url"),
    (r"linkedin\.com", r"/(?:redir/redirect|safety/go)/?", "url"), (r"duckduckgo\.com", r"/l/?", "uddg"),
    (r"slack-redir\.net", r"/link", "url"), (r"steamcommunity\.com", r"/linkfilter/?", "url"),
    (r"[a-z0-9]+\.safelinks\.protection\.outlook\.com", r"/.*", "url"), (r"exit\.sc", r"/?", "url"),
)
FORWARDS = re.compile("|".join(sorted({at for at, _, _ in WRAPPERS})))
LONGEST = 4096     # characters; browsers and platforms cut addresses at about 2,000
LONGEST_HOST = 253  # RFC 1035
PARTS = re.compile(r"(?:(?P<scheme>[a-z][a-z0-9+.-]*):)?(?://)?(?P<host>[^/?#\\]*)(?P<path>[^?#]*)"
                   r"(?:\?(?P<query>[^#]*))?(?:#(?P<fragment>.*))?", re.IGNORECASE | re.DOTALL)
HOST = re.compile(r"(?:[^\W_](?:[\w-]*[^\W_])?\.)+[^\W\d_][\w-]*|\d{1,3}(?:\.\d{1,3}){3}|\[[0-9a-f:.]+\]")


@trace(reads=("kind", "links"))
def shared_link(posts: pl.DataFrame) -> pl.DataFrame:
    """Two actors published a link to the same page. Reposts are left out: they are the business of `repost`.

    Two addresses are the same page if they differ only in what does not choose the page: http or https, `www`, mobile
    and AMP variants, the part after the number sign, parameters that count clicks (such as `utm_source` or `fbclid`),
    and forwarding addresses that carry the real one inside. Short links that hide their target are compared as they
    stand; no address is ever opened. A post with several links acts on each of them, and is still one post.
    """
    links = posts.filter(pl.col("kind") != "share").select("post", link="links").explode("link").drop_nulls()
    known = links["link"].unique()
    pages = pl.DataFrame({"link": known, "object": [canonical_link(link) for link in known]},
                         schema={"link": pl.String, "object": pl.String})
    return links.join(pages, on="link")


def canonical_link(link: str) -> str | None:
    """One spelling for all addresses of a page, without scheme; None for what is no web address. Never raises.

    >>> canonical_link("https://l.facebook.com/l.php?u=http%3A%2F%2FWWW.n.example%3A80%2F1%2F%3Futm_source%3Dx%26id%3D7")
    'n.example/1?id=7'
    """
    address, inner = None, _split(link)
    while inner:  # ends: what is inside is shorter
        address, inner = inner, _split(_wrapped(*inner) or "")
    return _spelled(*address) if address else None


def _split(link: str) -> tuple[str, str, str, str] | None:
    """Host (with a port that says something), path, query and fragment of a web address."""
    link = re.sub(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\ufeff\ud800-\udfff]+", "", link).strip()
    found = PARTS.fullmatch(link) if len(link) <= LONGEST else None
    if found is None:
        return None
    scheme, host = (found["scheme"] or "").lower(), found["host"].rsplit("@", 1)[-1].lower()
    if "." in scheme and host.isdigit():  # "n.example:8080/1" is a host with a port
        scheme, host = "", f"{scheme}:{host}"
    host, _, port = host.rpartition(":") if re.search(r":\d*$", host) else (host, "", "")
    host = _ascii(host.rstrip("."))
    if scheme not in ("", "http", "https") or len(host) > LONGEST_HOST or not HOST.fullmatch(host):
        return None
    labels = host.split(".")
    kept = [label for place, label in enumerate(labels) if place >= len(labels) - 2 or label not in VARIANTS]
    host = SAME_HOST.get(".".join(kept), ".".join(kept))
    port = "" if port in ("", "80", "443") else f":{port}"
    return host + port, found["path"], found["query"] or "", found["fragment"] or ""


def _ascii(host: str) -> str:
    try:
        return host.encode("idna").decode("ascii").lower() if not host.isascii() and len(host) <= LONGEST_HOST else host
    except UnicodeError:  # a label that no registry would accept: it is compared as it stands
        return host


def _wrapped(host: str, path: str, query: str, fragment: str) -> str | None:
    """The address inside a forwarding address."""
    amp = None
    if host.startswith("google."):
        amp = re.fullmatch(r"/amp/(?:s/)?(.+)", path)
    elif host.endswith(".cdn.ampproject.org"):
        amp = re.fullmatch(r"/[a-z](?:/s)?/(.+)", path)
    if amp:
        return amp[1] + (f"?{query}" if query else "")
    if not query or not FORWARDS.fullmatch(host):
        return None
    names = {name for at, where, name in WRAPPERS if re.fullmatch(at, host) and re.fullmatch(where, path)}
    for key, value in parse_qsl(query, errors="surrogateescape"):
        if key in names and re.match(r"https?:", value, re.IGNORECASE):
            return re.sub("[\udc80-\udcff]", lambda byte: f"%{ord(byte[0]) - 0xDC00:02X}", value)  # not UTF-8: kept
    return None


def _escaped(piece: str, plain: str) -> str:
    """One spelling of percent escapes: what needs none has none; bytes that are not UTF-8 stay different bytes."""
    def one(escape: re.Match) -> str:
        letter = chr(int(escape[0][1:], 16))
        return letter if letter.isascii() and (letter.isalnum() or letter in "-._~") else escape[0].upper()
    return quote(re.sub("%[0-9a-fA-F]{2}", one, piece), safe=plain + "%-._~")


def _spelled(host: str, path: str, query: str, fragment: str) -> str:
    if host == "youtu.be" and path.strip("/"):
        host, path, query = "youtube.com", "/watch", f"v={path.strip('/')}&{query}"
    path = re.sub(r"(?<=[^/])(?:/amp|\.amp)/*$", "", _escaped(path, "/\\:@!$&'()*+,;=")).rstrip("/")
    kept = []
    for field in query.split("&"):
        name = unquote(field.partition("=")[0], errors="replace").lower()
        if field and not TRACKING.fullmatch(name) and name not in TRACKING_AT.get(host, ()):
            kept.append(_escaped(field.replace("%20", "+"), "/\\:@!$'()*+,;=?[]").replace("%20", "+"))
    # What follows "#!" or "#/" chooses a page, by a script.
    route = f"#{_escaped(fragment, '/:@!$&()*+,;=?')}" if fragment[:1] in ("!", "/") else ""
    return host + path + (f"?{'&'.join(sorted(kept))}" if kept else "") + route
