"""What accounts say of themselves: words with which people declare what they are, in the languages we know them in.

A declaration in a language that is not here goes unseen, which docs/verdicts.md says; so no list is a ground for
anything, it can only speak for somebody. Words are compared after compatibility folding and case folding; a word ends
where it must, so that "robotics" is no robot.
"""

import re

from ..records import Cluster
from ._scene import Scene

_END = r"(?!\w)"

AUTOMATED = re.compile(
    r"\b(?:bots?|automated?|automatic(?:ally)?|auto[- ]?(?:post|tweet|matic)\w*|rss|robots?|cron|scripted|"
    r"machine[- ]generated|automatisier\w*|automatis\w*|automatizad\w*|automatic[oa]|automatique\w*|otomatik\w*|"
    r"бот|робот|автомат\w*|автопост\w*)" + _END + r"|\bbot\b|自動|自动|機器人|机器人|ボット|봇|자동|بوت|آلي")
AGENCY = re.compile(
    r"\b(?:agency|agencies|agence|agentur|agencia|agenzia|агентств\w*|ajans\w*|on behalf of|client[s']*|pr firm|"
    r"public relations|social media (?:team|management)|managed by|account managed|posts? by [\w.&-]+ (?:media|agency)|"
    r"sponsored|paid partnership|реклам\w*)" + _END + r"|代理店|代理商|대행사")
MANAGED = re.compile(  # that several are of one house; "official account" says so of one alone, and is not here
    r"\b(?:common desk|editorial (?:team|desk)|our (?:other )?(?:channels?|pages?|accounts?|network|titles)|"
    r"part of (?:the )?[\w.&' -]{2,40}(?:network|group|media|family)|network of|operated by|run by|a service of|"
    r"published by|same (?:desk|team|publisher)|syndicat(?:ed|ion)|franchise\w*|"
    r"наши? (?:другие )?(?:канал\w*|проект\w*)|сеть каналов|медиахолдинг\w*|eine marke (?:von|der)|une marque de|"
    r"una marca de|parte d[ei] (?:gruppo|grupo))" + _END)
VOLUNTEER = re.compile(
    r"\b(?:volunt\w*|campaign\w*|canvass\w*|grassroots|precinct|phone ?bank\w*|get out the vote|relief|"
    r"rescue|mutual aid|"
    r"humanitarian|bénévol\w*|volont\w*|freiwillig\w*|ehrenamt\w*|волонт[её]р\w*|доброволь\w*|gönüllü\w*|"
    r"kampagne\w*|campagne|campaña|campanha)" + _END + r"|متطوع|義工|志愿|志願|ボランティア|자원봉사")
PROTEST = re.compile(
    r"\b(?:unions?|unionized|strik(?:e|es|ers|ing)|workers|solidarity|protest\w*|activis\w*|march(?:ers|"
    r"ing)?|picket\w*|"
    r"syndicat|grève|gewerkschaft\w*|streik\w*|sindicat\w*|sindacat\w*|huelga|sciopero|greve|профсоюз\w*|забастов\w*|"
    r"протест\w*|активист\w*|sendika\w*|grev)" + _END + r"|نقابة|إضراب|احتجاج|工会|工會|罢工|抗议|労働組合|노조|시위")
FANS = re.compile(
    r"\b(?:fans?|fan ?(?:club|page|base|account|army|art)|fandom|stans?|supporters?|ultras|army|"
    r"streaming team|update account|"
    r"fan ?club|fã|fanática|hincha\w*|tifos\w*|поклонни\w*|фан\w{0,4}|фанат\w*|taraftar\w*)" + _END
    + r"|معجب|粉丝|粉絲|ファン|팬")
NEWS = re.compile(
    r"\b(?:news\w*|daily|times|post|gazette|herald|tribune|journal|radio|tv|press|desk|wire|bulletin|"
    r"reporter\w*|headlines?|"
    r"nachrichten|zeitung|presse|noticias|diario|periódico|notícias|jornal|notizie|giornale|actualités?|infos?|"
    r"новост\w*|газет\w*|вести|известия|haber\w*|gazete\w*)" + _END + r"|أخبار|خبر|新闻|新聞|ニュース|뉴스|समाचार")


def declare(scene: Scene, cluster: Cluster, words: re.Pattern[str]) -> tuple[int, int]:
    """How many members say so in their name, handle or description, and of how many any of these is known."""
    said = [scene.profile(actor).said for actor in cluster.members]
    known = [text for text in said if text]
    return sum(bool(words.search(text)) for text in known), len(known)
