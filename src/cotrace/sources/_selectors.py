"""What a selector is, when two spellings are one, and which selectors belong to everybody.

It compares spellings only: nothing is looked up, resolved or fetched. A selector that cannot be what it says has no
canonical form, and what has none matches nothing.
"""

import ipaddress
import re
import unicodedata
from urllib.parse import unquote, urlsplit

TYPES = {  # selector_type → what a possible one looks like; said where one is impossible
    "account": "Write the platform's own id of the account, without spaces.",
    "handle": "Write one handle, without spaces; a leading @ may stay.",
    "url": "Write a whole address with host: https://host.example/path",
    "domain": "Write a host name with a dot and without path: example.org",
    "text": "Write the text as it was published.",
    "media": "Write the hash of the content, 16 to 128 hexadecimal digits.",
    "tracker": "Write the id of the analytics, ads or verification account, without spaces: UA-1234-1",
    "email": "Write name@host.example",
    "phone": "Write 7 to 15 digits, with country code.",
    "ip": "Write one IPv4 or IPv6 address.",
    "wallet": "Write the address of the wallet, 20 to 128 letters and digits.",
}

# What analysts write so that nobody clicks. Brackets in any of three shapes, around one sign or its name.
_DEFANGED = (
    (re.compile(r"\bh(?:xx|\*\*|tt|XX)p(s?)(?=\W)", re.IGNORECASE), r"http\1"),
    (re.compile(r"\s?[\[({]\s?(?:\.|dot)\s?[\])}]\s?", re.IGNORECASE), "."),
    (re.compile(r"\s?[\[({]\s?(?:@|at)\s?[\])}]\s?", re.IGNORECASE), "@"),
    (re.compile(r"[\[({]\s?:\s?[\])}]"), ":"),
    (re.compile(r"[\[({]://[\])}]"), "://"),
    (re.compile(r"[\[({]/[\])}]"), "/"),
    (re.compile(r"\\\."), "."),
)

_LABEL = re.compile(r"(?!-)[^\W_](?:[\w-]{0,61}[^\W_])?(?!-)|_[\w-]{0,61}")
_HEX = re.compile(r"[0-9a-f]{16,128}")
_TRACKING = re.compile(r"utm_\w+|fbclid|gclid|dclid|yclid|msclkid|igshid|mc_[ce]id|_ga|ref_src|ref_url", re.IGNORECASE)

_COMMON = {  # why a host says nothing about who used it → hosts, without www.
    "a link shortener that everybody uses":
        "t.co bit.ly goo.gl tinyurl.com ow.ly is.gd buff.ly dlvr.it ift.tt fb.me youtu.be lnkd.in rebrand.ly cutt.ly "
        "clck.ru vk.cc t.ly rb.gy amzn.to trib.al j.mp wp.me",
    "a platform that everybody uses":
        "facebook.com fb.com twitter.com x.com youtube.com instagram.com tiktok.com t.me telegram.me telegram.org "
        "vk.com ok.ru reddit.com linkedin.com pinterest.com whatsapp.com wa.me threads.net mastodon.social bsky.app "
        "rumble.com weibo.com discord.com discord.gg twitch.tv snapchat.com quora.com gab.com livejournal.com",
    "a host that rents to everybody":
        "blogspot.com wordpress.com medium.com tumblr.com substack.com wixsite.com weebly.com github.com github.io "
        "gitlab.com squarespace.com shopify.com change.org patreon.com paypal.com amazonaws.com cloudfront.net "
        "cloudflare.com azurewebsites.net herokuapp.com netlify.app vercel.app web.app",
    "a service that everybody uses":
        "google.com yandex.ru bing.com yahoo.com baidu.com duckduckgo.com wikipedia.org archive.org web.archive.org "
        "archive.is archive.ph gmail.com outlook.com mail.ru hotmail.com protonmail.com apple.com microsoft.com "
        "amazon.com cdn.ampproject.org",
    "a name for examples and tests": "example.com example.org example.net localhost",
    "a suffix under which everybody registers":
        "co.uk org.uk com.au com.br co.jp com.ua com.tr co.za com.cn co.in",
}
COMMON_HOSTS = {host: why for why, hosts in _COMMON.items() for host in hosts.split()}
COMMON_ADDRESSES = {**dict.fromkeys(("8.8.8.8", "8.8.4.4", "1.1.1.1", "1.0.0.1", "9.9.9.9", "77.88.8.8"),
                                    "a public name server")}
COMMON_MAILBOXES = ("abuse", "admin", "contact", "info", "noreply", "no-reply", "postmaster", "support", "webmaster",
                    "hostmaster", "privacy", "whois")
COMMON_TEXT = 20      # characters; shorter texts are greetings and slogans that people arrive at alone
NO_DATA = ("d41d8cd98f00b204e9800998ecf8427e", "da39a3ee5e6b4b0d3255bfef95601890afd80709",
           "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")  # hashes of nothing


def refang(selector: str) -> str:
    """The address that a defanged spelling stands for; other text unchanged."""
    for spelling, plain in _DEFANGED:
        selector = spelling.sub(plain, selector)
    return selector


def canonical(kind: str, selector: str, platform: str | None = None) -> str | None:
    """The one spelling under which selectors of a type are compared; None where it cannot be what it says.

    An account keeps its case (ids of some platforms differ in it alone); handles, hosts and mail do not. Scheme,
    `www.`, fragment, tracking parameters and a last slash do not make another address.
    """
    text = unicodedata.normalize("NFKC", selector).strip()
    if kind not in TYPES or not text or "\0" in text:
        return None
    if kind == "text":
        return text
    text = refang(text)
    if kind == "url":
        return _url(text)
    if kind == "phone":
        digits = re.sub(r"[\s().\-/]", "", text)
        digits = "+" + digits[2:] if digits.startswith("00") else digits
        return digits.lstrip("+") if re.fullmatch(r"\+?[0-9]{7,15}", digits) else None
    if re.search(r"\s", text):
        return None
    return _WORDS[kind](text, platform)


def _account(text: str, platform: str | None) -> str | None:
    prefix = f"{platform}:" if platform else ""
    bare = text[len(prefix):] if prefix and text.casefold().startswith(prefix.casefold()) else text
    return bare or None


def _handle(text: str, platform: str | None) -> str | None:
    bare = text.lstrip("@").casefold()
    return bare if bare and "@" not in bare and "/" not in bare else None


def _domain(text: str, platform: str | None) -> str | None:
    host = text.casefold().rstrip(".").removeprefix("*.")
    labels = host.split(".")
    if len(host) > 253 or any(not _LABEL.fullmatch(label) for label in labels) or labels[-1].isdigit():
        return None
    return host.removeprefix("www.") if len(labels) > 1 or host == "localhost" else None


def _url(text: str) -> str | None:
    if re.search(r"\s", text):
        return None
    try:
        split = urlsplit(text if "://" in text else f"//{text}")
        host = (split.hostname or "").rstrip(".")
        port = split.port
    except ValueError:
        return None
    if split.scheme.casefold() not in ("http", "https", "ftp", ""):
        return None
    named = _domain(host, None) or _ip(host, None)
    if named is None or ("://" not in text and "/" not in text):
        return None
    asked = [part for part in split.query.split("&") if part and not _TRACKING.fullmatch(part.split("=")[0])]
    query = "&".join(sorted(asked))
    gate = f":{port}" if port and port not in (80, 443) else ""
    return f"{named}{gate}{split.path.rstrip('/')}{'?' + query if query else ''}"


def _email(text: str, platform: str | None) -> str | None:
    name, at, host = text.casefold().removeprefix("mailto:").rpartition("@")
    return f"{name}@{_domain(host, None)}" if at and name and "@" not in name and _domain(host, None) else None


def _ip(text: str, platform: str | None) -> str | None:
    try:
        return str(ipaddress.ip_address(text.strip("[]")))
    except ValueError:
        return None


def _media(text: str, platform: str | None) -> str | None:
    bare = re.sub(r"^(?:md5|sha1|sha256|phash|pdq):", "", text.casefold())
    return bare if _HEX.fullmatch(bare) else None


def _tracker(text: str, platform: str | None) -> str | None:
    return text.casefold() if re.fullmatch(r"[\w.:/+=-]{4,128}", text) and re.search(r"\d", text) else None


def _wallet(text: str, platform: str | None) -> str | None:
    return text if re.fullmatch(r"[A-Za-z0-9]{20,128}", text) else None


_WORDS = {"account": _account, "handle": _handle, "domain": _domain, "email": _email, "ip": _ip, "media": _media,
          "tracker": _tracker, "wallet": _wallet}


def host_of(url: str) -> str | None:
    """The host of a published address, lower case, without `www.`; None where there is none."""
    shape = _url(refang(url.strip()))
    return None if shape is None else re.split(r"[/:?]", unquote(shape), maxsplit=1)[0]


def common_property(kind: str, shape: str) -> str | None:
    """Why a selector, in canonical form, says nothing about who used it; None where it may say something."""
    if kind == "domain" or (kind == "url" and not re.search(r"[/?]", shape)):
        host = shape.split(":")[0] if kind == "url" else shape
        return COMMON_HOSTS.get(host.removeprefix("m.").removeprefix("mobile.")) or _common_address(host)
    if kind == "url":
        return _common_address(re.split(r"[/:?]", shape, maxsplit=1)[0])
    if kind == "ip":
        return _common_address(shape)
    if kind == "email":
        name, _, host = shape.rpartition("@")
        if COMMON_HOSTS.get(host, "").startswith("a name for examples"):
            return COMMON_HOSTS[host]
        return "a mailbox that every host has" if name in COMMON_MAILBOXES and host in COMMON_HOSTS else None
    if kind == "text" and len(shape) < COMMON_TEXT:
        return f"fewer than {COMMON_TEXT} characters, which people arrive at alone"
    if kind == "media":
        return "the hash of nothing" if shape in NO_DATA or len(set(shape)) == 1 else None
    return None


def _common_address(text: str) -> str | None:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return "this machine, under its own name" if text == "localhost" else None
    if not address.is_global or address.is_multicast:
        return "an address of private, local or reserved use, the same in many networks"
    return COMMON_ADDRESSES.get(str(address))
