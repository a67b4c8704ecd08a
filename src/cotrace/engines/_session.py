"""A Spark session that is there within bounded time, or words about why it is not. No counting here.

Spark takes minutes of silence, or forever, where Java is missing, a master does not answer, or no executor comes. Here
each of these is asked first, and each is waited for no longer than `PATIENCE_S` (or the setting
`spark.cotrace.patience`, in seconds, of a cluster that starts its machines on demand).
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from ..errors import InputError
from ..software import software

JAVA = 17             # what Spark 4 is built for
PATIENCE_S = 120      # a standalone master is tried three times for 20 s each before Spark itself gives up
QUIET = {             # for a session of our own; what spark-submit configured stays as it is
    "spark.app.name": "cotrace", "spark.ui.enabled": "false", "spark.ui.showConsoleProgress": "false",
    "spark.driver.maxResultSize": "0", "spark.log.level": "OFF"}  # what ends a step is told in our words
HERE = {              # on one machine nothing listens to the outside, and nothing is left in the folder of the call
    "spark.driver.host": "127.0.0.1", "spark.driver.bindAddress": "127.0.0.1",
    "spark.sql.warehouse.dir": f"file://{tempfile.gettempdir()}/cotrace-spark-warehouse",
    "spark.driver.memory": "4g"}  # of Java at most: tasks run in it here, each with a file or a shard
# Each row is a block of megabytes, so it is a batch of its own; the number of tasks is the one asked for; and Java
# writes no program for plans that only move blocks.
ALWAYS = {"spark.sql.execution.arrow.maxRecordsPerBatch": "1", "spark.sql.adaptive.enabled": "false",
          "spark.sql.codegen.wholeStage": "false"}

_known: list[Any] = []  # the session of this process: Spark itself tells it only to the thread that made it


def java_version() -> int | None:
    """The Java that Spark would start; None: there is none."""
    home = os.environ.get("JAVA_HOME")
    java = str(Path(home) / "bin" / "java") if home else shutil.which("java")
    if java is None:
        return None
    try:
        said = subprocess.run([java, "-version"], capture_output=True, text=True, timeout=60)
    except (OSError, subprocess.TimeoutExpired):
        return None
    found = re.search(r'version "(?:1\.)?(\d+)', said.stderr + said.stdout)
    return int(found[1]) if found else None


def refuse_java() -> None:
    """Raises: InputError: no Java, or one that Spark does not start on."""
    version = java_version()
    if version is None:
        home = os.environ.get("JAVA_HOME")
        looked = f"no bin/java that runs in JAVA_HOME, {home}." if home else "no `java` is on the PATH."
        raise InputError(f"Spark needs Java {JAVA} or newer, and none was found: {looked}\n"
                         "Install one (Debian:  apt-get install default-jre-headless), or count here:  --engine local")
    if version < JAVA:
        raise InputError(f"Spark needs Java {JAVA} or newer; the one found is {version}.\n"
                         "Install a newer one and point JAVA_HOME at it, or count here:  --engine local")


def session(master: str | None) -> Any:
    """The session of this process: the one there is, the one that spark-submit configured, or a new one.

    Args:
        master: of a new session; None: what spark-submit says, else all cores of this machine.

    Raises:
        InputError: no Java, no such master, no executor within the patience, or executors with other software.
    """
    from pyspark.sql import SparkSession

    for known in (_known[-1] if _known else None, SparkSession.getActiveSession()):
        if known is not None and known.sparkContext._jsc is not None and not known.sparkContext._jsc.sc().isStopped():
            return _same_master(known, master)
    refuse_java()
    from pyspark import SparkConf, SparkContext

    if "PYSPARK_GATEWAY_PORT" in os.environ:
        SparkContext._ensure_initialized()  # or what spark-submit was told would not be seen
    conf = SparkConf()
    given = master or conf.get("spark.master", None) or "local[*]"
    if given.startswith("local"):
        os.environ.setdefault("PYSPARK_PYTHON", sys.executable)  # or its workers are another Python, without us
    _refuse_unheard_of(given)
    settings = {**QUIET, **(HERE if given.startswith("local") else {}), "spark.master": given}
    for key, value in settings.items():
        if key == "spark.master" or not conf.contains(key):
            conf.set(key, value)
    patience = float(conf.get("spark.cotrace.patience", str(PATIENCE_S)) or PATIENCE_S)
    warnings.filterwarnings("ignore", "PySpark does not yet fully support pandas")  # of which nothing is used here
    made = _within(patience, f"The Spark master {given} did not answer", lambda: _made(conf), _give_up)
    for key, value in ALWAYS.items():
        made.conf.set(key, value)
    if not given.startswith("local["):  # whose executors are this very machine and Python
        theirs = _within(patience, f"The Spark master {given} answered, but no executor came",
                         lambda: _software(made), made.stop)
        _refuse_other_software(theirs, given)
    _known[:] = [made]
    return made


def _made(conf: Any) -> Any:
    from pyspark.sql import SparkSession

    return SparkSession.builder.config(conf=conf).getOrCreate()


def _same_master(active: Any, master: str | None) -> Any:
    there = active.sparkContext.master
    if master is not None and master != there:
        raise InputError(f"This process runs on the Spark master {there} already, and --master says {master}.\n"
                         "Name one of them; one process has one.")
    if active not in _known:
        for key, value in ALWAYS.items():
            active.conf.set(key, value)
        _known[:] = [active]
    return active


def _refuse_unheard_of(master: str) -> None:
    if not re.match(r"(local(\[[\d*, ]+\])?$|spark://.+:\d+|yarn$|k8s://.+|local-cluster\[)", master):
        raise InputError(f"There is no Spark master {master!r}.\nA master is one of:  local[*]   spark://HOST:7077   "
                         "yarn   k8s://https://HOST:443")


def _within(seconds: float, what: str, make: Callable[[], Any], give_up: Callable[[], object]) -> Any:
    """What `make` gives, unless it takes longer.

    Raises:
        InputError: it took longer, or Spark said no.
    """
    pool = ThreadPoolExecutor(1)
    trying = pool.submit(make)
    pool.shutdown(wait=False)
    try:
        return trying.result(seconds)
    except TimeoutError:
        give_up()
        raise InputError(f"{what} within {seconds:.0f} s.\nIs it there, and may this machine reach it? A cluster that "
                         "starts its machines on demand needs more:  --conf spark.cotrace.patience=600  "
                         "(spark-submit)") from None
    except spark_faults() as fault:
        give_up()
        raise InputError(f"{what}: {reason(fault)}\nIs it there, and may this machine reach it?") from None


def _give_up() -> None:
    """End a Java that is still trying; the process goes on and can say why."""
    from pyspark import SparkContext

    gateway = SparkContext._gateway
    if gateway is not None:
        SparkContext._gateway = SparkContext._jvm = None
        started = getattr(gateway, "proc", None)
        if started is not None:
            started.kill()
    SparkContext._active_spark_context = None


def spark_faults() -> tuple[type[BaseException], ...]:
    """What Spark, and the way to it, raise; anything else is ours."""
    from py4j.protocol import Py4JError
    from pyspark.errors import PySparkException

    return Py4JError, PySparkException, OSError


def reason(fault: BaseException) -> str:
    """One line of what Spark says in hundreds: the error of ours that ended a task, else the innermost cause."""
    text = str(fault)
    if "Traceback (most recent call last)" in text:
        raised = text.split("Traceback (most recent call last):")[-1].split("\n\tat ")[0]
        lines = [line.strip() for line in raised.splitlines() if line.strip() and not line.startswith("  ")]
        told = [line for line in lines if not line.startswith("SQLSTATE")]
        return (told or ["an error without words"])[-1][:300]
    for pattern in (r"Caused by: (?:[\w.$]+: )?([^\n]+)", r"((?:Job|Task) [^\n]+)", r"\n: (?:[\w.$]+: )?([^\n]+)"):
        if found := re.search(pattern, text):
            return found[1].strip()[:300].rstrip(".") + "."
    return (text.strip().splitlines() or [type(fault).__name__])[0][:300]


def _software(made: Any) -> list:
    def told(_: Any) -> list:
        try:
            from cotrace.software import software as theirs
        except ImportError as fault:
            return [("missing", str(fault))]
        return [list(map(tuple, theirs()))]

    return made.sparkContext.parallelize([0], 1).flatMap(told).collect()[0]


def _refuse_other_software(theirs: Any, master: str) -> None:
    ours = list(map(tuple, software()))
    if theirs and theirs[0] == "missing":
        raise InputError(f"The executors of {master} have no cotrace: {theirs[1]}.\nGive them one:  spark-submit "
                         "--archives env.tar.gz#env  with PYSPARK_PYTHON=./env/bin/python (docs/cluster.md)")
    if list(theirs) != ours:
        there = dict(theirs)
        other = ", ".join(f"{name} {there.get(name, 'none')} (here {version})" for name, version in ours
                          if there.get(name) != version)
        raise InputError(f"The executors of {master} run other software, and could find something else: {other}.\n"
                         "Give them the same:  spark-submit --archives env.tar.gz#env  (docs/cluster.md)")
