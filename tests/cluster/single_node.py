"""A real Slurm of one node with two pretended GPUs, in a scratch folder; no systemd, no cgroups.

    python tests/cluster/single_node.py snakemake --profile profiles/slurm -n

starts it, runs the command with it, and stops it. Needs root and Debian's packages: apt-get install slurm-wlm munge.
"""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch", "srun", "squeue", "sinfo", "scontrol", "scancel")
GPUS = 2
# Short waits where Slurm's own are minutes: KillWait between SIGTERM and the kill is its default, in seconds.
SLURM_CONF = """\
ClusterName=single
SlurmctldHost={host}(127.0.0.1)
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket={root}/munge/socket,cred_expire=10
CredType=cred/munge
SlurmctldPort=16817
SlurmdPort=16818
SlurmctldPidFile={root}/slurmctld.pid
SlurmdPidFile={root}/slurmd.pid
StateSaveLocation={root}/spool/slurmctld
SlurmdSpoolDir={root}/spool/slurmd
SlurmctldLogFile={root}/slurmctld.log
SlurmdLogFile={root}/slurmd.log
MailProg=/bin/true
MpiDefault=none
ReturnToService=2
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
SchedulerType=sched/backfill
SchedulerParameters=bf_interval=5,sched_interval=5
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
MinJobAge=300
KillWait=30
GresTypes=gpu
SlurmdParameters=config_overrides
NodeName={host} NodeAddr=127.0.0.1 CPUs=8 Boards=1 SocketsPerBoard=1 CoresPerSocket=8 ThreadsPerCore=1 \
RealMemory=64000 Gres=gpu:{gpus} State=UNKNOWN
PartitionName=cpu Nodes={host} Default=YES MaxTime=INFINITE State=UP
PartitionName=gpu Nodes={host} MaxTime=INFINITE State=UP
AccountingStorageType=accounting_storage/none
"""
# Snakemake's job steps drop SLURM_CONF from the environment of their srun.
SRUN = """\
#!/bin/sh
SLURM_CONF={root}/slurm.conf exec {srun} "$@"
"""


def missing() -> str | None:
    """Why no cluster can be started here; empty if one can."""
    absent = [name for name in PROGRAMS if shutil.which(name) is None]
    if absent:
        return f"no {', '.join(absent)}: apt-get install slurm-wlm munge"
    return "starting Slurm needs root" if os.geteuid() else None


@contextmanager
def running() -> Iterator[dict[str, str]]:
    """The environment of a shell on the cluster; it is stopped at the end, with the jobs that it has."""
    root = Path(tempfile.mkdtemp(prefix="slurm-", dir="/tmp"))  # short: Unix sockets have short paths
    try:
        _configure(root)
        environment = os.environ | {"SLURM_CONF": f"{root}/slurm.conf", "PATH": f"{root}/bin:{os.environ['PATH']}"}
        munge = root / "munge"
        files = {"key-file": "key", "log-file": "log", "pid-file": "pid", "seed-file": "seed", "socket": "socket"}
        subprocess.run(["munged", "--force", *(f"--{o}={munge / f}" for o, f in files.items())], check=True)
        subprocess.run(["slurmctld"], env=environment, check=True)
        subprocess.run(["slurmd", "-N", socket.gethostname()], env=environment, check=True)
        _wait_for_node(environment)
        yield environment
        subprocess.run(["scancel", "--user=root", "--signal=KILL"], env=environment)
    finally:
        for pid_file in ("slurmd.pid", "slurmctld.pid", "munge/pid"):
            _stop(root / pid_file)
        shutil.rmtree(root, ignore_errors=True)


def _configure(root: Path) -> None:
    for folder in ("munge", "spool/slurmctld", "spool/slurmd", "bin"):
        (root / folder).mkdir(parents=True)
    root.chmod(0o755)
    (root / "munge" / "key").write_bytes(secrets.token_bytes(128))
    (root / "munge" / "key").chmod(0o400)
    host = socket.gethostname()
    (root / "slurm.conf").write_text(SLURM_CONF.format(root=root, host=host, gpus=GPUS))
    gpus = [f"NodeName={host} Name=gpu File={root}/gpu{number}" for number in range(GPUS)]
    (root / "gres.conf").write_text("\n".join(["AutoDetect=off", *gpus, ""]))
    for number in range(GPUS):  # of the GPUs' device number: Slurm sets CUDA_VISIBLE_DEVICES for no plain file
        os.mknod(root / f"gpu{number}", 0o20600, os.makedev(195, number))
    (root / "bin" / "srun").write_text(SRUN.format(root=root, srun=shutil.which("srun")))
    (root / "bin" / "srun").chmod(0o755)


def _wait_for_node(environment: dict[str, str], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        state = subprocess.run(["sinfo", "-h", "-o", "%T"], env=environment, capture_output=True, text=True)
        if "idle" in state.stdout:
            return
        time.sleep(0.5)
    raise RuntimeError(f"the node is not idle after {seconds:g} s: {state.stdout}{state.stderr}")


def _stop(pid_file: Path) -> None:
    """Stop the daemon that wrote this file, and wait until it has stopped."""
    if not pid_file.exists():
        return
    pid = int(pid_file.read_text())
    try:
        os.kill(pid, signal.SIGTERM)
        for _ in range(100):
            time.sleep(0.1)
            os.kill(pid, 0)
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return


if __name__ == "__main__":
    if reason := missing():
        sys.exit(f"error: {reason}")
    with running() as shell:
        status = subprocess.run(sys.argv[1:], env=shell).returncode
    sys.exit(status)
