"""A Spark cluster on this machine alone, with bounded memory: a master, two workers and a thrift server.

For `make spark` and the tests. All that it writes is in one folder, all that it starts ends with the block, or with the
process that started it.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path

from pipelines.spark.errors import SparkError
from pipelines.spark.server import INSTALL, connected

WORKERS = ("worker-1", "worker-2")
OLDEST_JAVA = 17
_STARTED_WITHIN = 300.0  # seconds, on a machine that has other things to do
_MASTER = "org.apache.spark.deploy.master.Master"
_WORKER = "org.apache.spark.deploy.worker.Worker"
_THRIFT = "org.apache.spark.sql.hive.thriftserver.HiveThriftServer2"
_LOOPBACK = ("--host", "127.0.0.1", "--webui-port", "0")
_JAVA = (
    "Spark needs Java {oldest} or newer, and {found}. On Debian: `apt-get install openjdk-17-jre-headless`; elsewhere "
    "put `java` on the PATH, or set JAVA_HOME."
)

# Small tables: few tasks, plans that are not made anew while they run, Java that compiles in a hurry rather than well,
# and few threads that last, since each opens the metastore for itself.
_DEFAULTS = """
spark.master spark://127.0.0.1:{port}
spark.driver.host 127.0.0.1
spark.driver.extraJavaOptions {java} -Dderby.system.home={folder}
spark.executor.extraJavaOptions {java}
spark.executor.memory 768m
spark.executor.cores 1
spark.scheduler.mode FAIR
spark.ui.enabled false
spark.sql.adaptive.enabled false
spark.sql.shuffle.partitions 2
spark.sql.warehouse.dir {folder}/tables
spark.hadoop.javax.jdo.option.ConnectionURL jdbc:derby:;databaseName={folder}/metastore;create=true
spark.hadoop.hive.exec.scratchdir {folder}/scratch
spark.hadoop.hive.server2.thrift.bind.host 127.0.0.1
spark.hadoop.hive.server2.async.exec.threads 8
spark.hadoop.hive.server2.async.exec.keepalive.time 3600s
"""
_JAVA_OPTIONS = (
    "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC -XX:-UsePerfData -Djava.io.tmpdir={folder}"
)
_LOGGING = """
rootLogger.level = warn
rootLogger.appenderRef.console.ref = console
appender.console.type = Console
appender.console.name = console
appender.console.target = SYSTEM_ERR
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = %d{HH:mm:ss} %p %c{1}: %m%n
"""


@dataclass
class Cluster:
    """A cluster that runs. Each of its processes leads a group with all that it has started.

    `port`: that of the thrift server.
    """

    folder: Path
    master: str
    port: int
    environment: Mapping[str, str]
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    @property
    def url(self) -> str:
        """The cluster as SPARK_URL has it."""
        return f"thrift://127.0.0.1:{self.port}"

    def start_worker(self, name: str) -> None:
        """Start a worker: one core, and memory for one executor."""
        limits = ("--cores", "1", "--memory", "768m", "--work-dir", str(self.folder / name))
        self._start(name, "256m", _WORKER, *_LOOPBACK, *limits, self.master)

    def start_master(self, port: int) -> None:
        """Start the master, which tells workers and applications of each other."""
        self._start("master", "256m", _MASTER, *_LOOPBACK, "--port", str(port))

    def start_thrift(self) -> None:
        """Start the thrift server, which is the driver of all that is asked of it."""
        submit = ("org.apache.spark.deploy.SparkSubmit", "--class", _THRIFT, "spark-internal")
        self._start("thrift", "1g", *submit, "--hiveconf", f"hive.server2.thrift.port={self.port}")

    def kill(self, name: str) -> None:
        """Kill one process with all that it has started, as a crash would."""
        process = self.processes.pop(name)
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def wait(self) -> None:
        """Wait until the thrift server answers; SparkError where a process ended instead, with its last words."""
        deadline = time.monotonic() + _STARTED_WITHIN
        while True:
            ended = [name for name, each in self.processes.items() if each.poll() is not None]
            if ended:
                raise SparkError(
                    f"The {ended[0]} of the cluster ended: {self._last_words(ended[0])}"
                )
            try:
                with connected(("127.0.0.1", self.port)) as spark:
                    spark.run("select 1")
                return
            except SparkError as error:
                if time.monotonic() > deadline:
                    raise SparkError(f"The cluster does not start: {error}") from None
                time.sleep(0.5)

    def _start(self, name: str, memory: str, *arguments: str) -> None:
        program = str(Path(self.environment["SPARK_HOME"]) / "bin" / "spark-class")
        with (self.folder / f"{name}.log").open("ab") as log:
            self.processes[name] = subprocess.Popen(
                [sys.executable, "-m", "pipelines.child_process", program, *arguments],
                # It is the thrift server's memory, too, whatever is said of that of drivers.
                env={**self.environment, "SPARK_DAEMON_MEMORY": memory},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def _last_words(self, name: str) -> str:
        lines = (self.folder / f"{name}.log").read_text(errors="replace").strip().splitlines()
        return " ".join(lines[-3:]) or "it left no word"


@contextmanager
def cluster(folder: Path) -> Iterator[Cluster]:
    """Run a cluster that works in `folder`, whose path has no blanks; about 4 GB of memory.

    Raises SparkError where Java or the packages are missing, or it does not start.
    """
    home = _spark_home()
    _require_java()
    port, thrift_port = _free_ports(2)
    configuration = folder / "conf"
    configuration.mkdir(parents=True)
    java = _JAVA_OPTIONS.format(folder=folder)
    defaults = _DEFAULTS.format(port=port, folder=folder, java=java)
    (configuration / "spark-defaults.conf").write_text(defaults)
    (configuration / "log4j2.properties").write_text(_LOGGING)
    environment = os.environ | {
        "SPARK_HOME": str(home),
        "SPARK_CONF_DIR": str(configuration),
        "SPARK_LOCAL_IP": "127.0.0.1",
        "SPARK_LOCAL_DIRS": str(folder / "scratch"),
        "SPARK_DAEMON_JAVA_OPTS": java,
        "SPARK_LAUNCHER_OPTS": java,
    }
    running = Cluster(folder, f"spark://127.0.0.1:{port}", thrift_port, environment)
    try:
        running.start_master(port)
        for name in WORKERS:
            running.start_worker(name)
        running.start_thrift()
        running.wait()
        yield running
    finally:
        for name in list(running.processes):
            running.kill(name)


def _spark_home() -> Path:
    found = find_spec("pyspark")
    if found is None or found.origin is None:
        raise SparkError(INSTALL)
    return Path(found.origin).parent


def _require_java() -> None:
    home = os.environ.get("JAVA_HOME")
    java = str(Path(home) / "bin" / "java") if home else shutil.which("java")
    try:
        done = subprocess.run(
            [java or "java", "-version"], capture_output=True, text=True, check=False
        )
    except OSError:
        raise SparkError(_JAVA.format(oldest=OLDEST_JAVA, found="none is found")) from None
    version = re.search(r'version "(\d+)', done.stderr)
    if done.returncode or version is None or int(version[1]) < OLDEST_JAVA:
        said = done.stderr.strip().partition("\n")[0]
        raise SparkError(_JAVA.format(oldest=OLDEST_JAVA, found=f"what is there says: {said}"))


def _free_ports(number: int) -> list[int]:
    with ExitStack() as opened:
        sockets = [opened.enter_context(socket.socket()) for _ in range(number)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]
