# The whole experiment: prepare -> dense -> compress -> transcribe -> score -> publish -> tables.
#
#   snakemake -j4 all                                  the default study, config/mini.yaml
#   snakemake -j4 all --configfile config/an4.yaml     another study
#   snakemake -j4 all --config reuse=true              reuses finished runs from results/<study>/runs
#   snakemake -j4 all --config log=tensorboard         also writes the training curves for TensorBoard
#   snakemake --profile profiles/slurm all             on a cluster: docs/clusters.md
#   snakemake -n                                       shows what would run, and why
#
# A study is exactly its YAML file. Intermediate files are in work/<study>/. Results are in results/<study>/, or in
# work/<study>/results/ if they differ from committed ones. Each rule is one call of the command line, which can be
# repeated by hand.
import os
import re
import sys
from contextlib import ExitStack
from pathlib import Path

from benchmark import workflow as steps
from benchmark.study.checks import problems
from benchmark.system.devices import devices
from benchmark.system.errors import UserError
from benchmark.system.lock import exclusive
from benchmark.system.stopping import stop_with_jobs_at_sigterm

# The rules use the `python` that runs this file, unless a rule's conda environment precedes it.
os.environ.update(PATH=os.pathsep.join([str(Path(sys.executable).parent), *os.get_exec_path()]))

try:
    STUDY = steps.chosen_study(workflow.configfiles, config)
    DEVICES = len(devices(STUDY.hardware.device))
    SCORING = steps.scoring_devices(STUDY)
    FAILURES = {plan.run: steps.failures(STUDY, plan) for plan in STUDY.runs}
except UserError as error:
    sys.exit(f"error: {error}")

CONFIG = STUDY.path
WORK = f"work/{STUDY.name}"
RUN = f"{WORK}/runs/{{run}}"
PLANS = {plan.run: plan for plan in STUDY.runs}
SEARCHES = {plan.search: plan for plan in PLANS.values()}
TABLES = ("README.md", "index.html", "main.csv", "main.md", "main.tex", "runs.csv", "short.md", "figures")
TABLES += ("significance.csv", "significance.md", "pairs.csv")
HELD = ExitStack()  # holds a lock on the study until this process ends, however it ends

# If one of the tables is missing, the copies of the tables are out of date.
if workflow.is_main_process and not all(Path(STUDY.shown_results, name).exists() for name in TABLES):
    Path(WORK, "tables/index.html").unlink(missing_ok=True)

# This machine runs one timed job per device at a time, whatever -j says. A cluster has its own scheduler.
if "device" not in workflow.global_resources:
    workflow.register_resource("device", DEVICES)


resource_scopes:
    device="local",


def minutes(budgets):
    """A cluster job's time limit. It grows with each attempt, and an attempt continues from the last checkpoint."""
    return lambda wildcards, attempt: attempt * steps.minutes(budgets)


# The next three change no result: they say where the study's file lies, where a finished run comes from and what is
# written beside a run. Snakemake does not compare a parameter whose function takes `output`, so no run is repeated when
# one of these changes.
def study_file(wildcards, output):
    return str(CONFIG)


def reuse(wildcards, output):
    return "--reuse" if config.get("reuse") else ""


def events(wildcards, output):
    return f"--log {config['log']}" if config.get("log") else ""


def method_files(wildcards):
    return steps.method_files(PLANS[wildcards.run])


def tuned_files(wildcards):
    return steps.tuned_files(SEARCHES[wildcards.search])


def tuned_settings(wildcards):
    return steps.tuned_settings(SEARCHES[wildcards.search])


def tuning(wildcards):
    return steps.search_files(STUDY, PLANS[wildcards.run])


def training(wildcards):
    return steps.training_files(STUDY, PLANS[wildcards.run])


def plan(wildcards):
    return steps.described(PLANS[wildcards.run])


def failures(wildcards):
    return FAILURES[wildcards.run]


wildcard_constraints:
    run="|".join(map(re.escape, PLANS)),
    search="|".join(map(re.escape, SEARCHES)),


rule all:
    input:
        expand(f"{RUN}/run.json", run=PLANS),
        f"{WORK}/published",
        f"{WORK}/tables/index.html",


rule prepare:
    input:
        steps.corpus_files(STUDY),
    output:
        f"{WORK}/data/data.json",
    log:
        f"{WORK}/logs/prepare.log",
    conda:
        "envs/benchmark.yaml"
    params:
        corpus=steps.described(STUDY.corpus),
        study=study_file,
    message:
        "Prepare corpus {STUDY.corpus.name}"
    shell:
        "python -m benchmark prepare {params.study:q} 2> {log:q}"


rule dense:
    input:
        steps.dense_files(STUDY),
        data=f"{WORK}/data/data.json",
    output:
        f"{WORK}/dense/dense.json",
    log:
        f"{WORK}/logs/dense.log",
    conda:
        "envs/benchmark.yaml"
    threads: lambda wildcards: steps.threads(workflow.cores, DEVICES)
    resources:
        device=1,
        gpu=steps.gpus(STUDY),
        runtime=minutes(steps.dense_budgets(STUDY)),
    params:
        dense=steps.described(STUDY.dense),
        training=steps.described(STUDY.training),
        evaluation=steps.described(STUDY.evaluation),
        study=study_file,
        reuse=reuse,
    message:
        "Make the dense model that every run starts from"
    shell:
        "python -m benchmark dense {params.study:q} {params.reuse} 2> {log:q}"


# Before the runs, if the study has `tuning`: the same number of trials on dev for every trained method at every target.
rule tune:
    input:
        data=f"{WORK}/data/data.json",
        dense=f"{WORK}/dense/dense.json",
        method=tuned_files,
    output:
        f"{WORK}/tuning/{{search}}.json",
    log:
        f"{WORK}/logs/tune/{{search}}.log",
    conda:
        "envs/benchmark.yaml"
    threads: lambda wildcards: steps.threads(workflow.cores, DEVICES)
    resources:
        device=1,
        gpu=steps.gpus(STUDY),
        runtime=minutes(steps.tuning_budgets(STUDY)),
    params:
        tuning=steps.described(STUDY.tuning) if STUDY.tuning else "",
        settings=tuned_settings,
        training=steps.described(STUDY.training),
        study=study_file,
        reuse=reuse,
    message:
        "Tune: {wildcards.search}"
    shell:
        "python -m benchmark tune {params.study:q} {wildcards.search:q} {params.reuse} 2> {log:q}"


# A method that fails leaves a record too, so that the tables have its row. The number of failures is a parameter, so
# the next call tries the method again.
rule compress:
    input:
        data=f"{WORK}/data/data.json",
        dense=f"{WORK}/dense/dense.json",
        method=method_files,
        tuning=tuning,
        training=training,
    output:
        f"{RUN}/compress.json",
    log:
        f"{WORK}/logs/compress/{{run}}.log",
    conda:
        "envs/benchmark.yaml"
    threads: lambda wildcards: steps.threads(workflow.cores, DEVICES)
    resources:
        device=1,
        gpu=steps.gpus(STUDY),
        runtime=minutes([STUDY.budget]),
    params:
        plan=plan,
        budget=steps.described(STUDY.budget),
        training=steps.described(STUDY.training),
        evaluation=steps.described(STUDY.evaluation),
        failures=failures,
        study=study_file,
        reuse=reuse,
        events=events,
    message:
        "Compress: {wildcards.run}"
    shell:
        "python -m benchmark compress {params.study:q} {wildcards.run:q} {params.reuse} {params.events} 2> {log:q}"


rule transcribe:
    input:
        f"{RUN}/compress.json",
    output:
        f"{RUN}/transcribe.json",
    log:
        f"{WORK}/logs/transcribe/{{run}}.log",
    priority: 1  # finish a run before the next one starts
    conda:
        "envs/benchmark.yaml"
    threads: lambda wildcards: steps.threads(workflow.cores, DEVICES)
    resources:
        device=1,
        gpu=steps.gpus(STUDY),
        runtime=minutes([]),
    params:
        study=study_file,
    message:
        "Transcribe: {wildcards.run}"
    shell:
        "python -m benchmark transcribe-tests {params.study:q} {wildcards.run:q} 2> {log:q}"


# An evaluation may run models, for which scoring then takes a device too.
rule score:
    input:
        f"{RUN}/compress.json",
        f"{RUN}/transcribe.json",
        steps.evaluation_files(STUDY),
    output:
        f"{RUN}/run.json",
    log:
        f"{WORK}/logs/score/{{run}}.log",
    priority: 2
    conda:
        "envs/benchmark.yaml"
    threads: lambda wildcards: steps.threads(workflow.cores, DEVICES) if SCORING else 1
    resources:
        device=SCORING,
        gpu=SCORING * steps.gpus(STUDY),
        runtime=minutes([]),
    params:
        evaluations=str(STUDY.evaluations),
        study=study_file,
    message:
        "Score: {wildcards.run}"
    shell:
        "python -m benchmark score {params.study:q} {wildcards.run:q} 2> {log:q}"


# The records in results/ are not outputs, because Snakemake deletes outputs before it makes them again.
rule publish:
    input:
        expand(f"{RUN}/run.json", run=PLANS),
    output:
        f"{WORK}/published",
    log:
        f"{WORK}/logs/publish.log",
    conda:
        "envs/benchmark.yaml"
    params:
        study=study_file,
    message:
        "Publish the runs of {STUDY.name}"
    shell:
        "python -m benchmark publish {params.study:q} 2> {log:q} | tee {output:q}"


# The tables are not outputs either, so that a call that fails or is killed keeps the earlier ones. The outputs are
# copies of them, since Snakemake's report shows only outputs.
rule tables:
    input:
        f"{WORK}/published",
    output:
        report(
            f"{WORK}/tables/index.html",
            caption="captions/page.rst",
            category="Page",
            labels={"page": "sort, filter, inspect runs"},
        ),
        report(
            f"{WORK}/tables/main.csv",
            caption="captions/main.rst",
            category="Tables",
            labels={"table": "main"},
        ),
        report(
            f"{WORK}/tables/significance.csv",
            caption="captions/significance.rst",
            category="Tables",
            labels={"table": "significance"},
        ),
        report(
            f"{WORK}/tables/runs.csv",
            caption="captions/runs.rst",
            category="Tables",
            labels={"table": "runs"},
        ),
        report(
            directory(f"{WORK}/tables/figures"),
            patterns=["{name}.png"],
            caption="captions/figures.rst",
            category="Figures",
            labels={"figure": "{name}"},
        ),
    log:
        f"{WORK}/logs/tables.log",
    conda:
        "envs/benchmark.yaml"
    params:
        study=study_file,
        copies=lambda wildcards, output: str(Path(output[0]).parent),
    message:
        "Tables and figures of {STUDY.name}"
    shell:
        "python -m benchmark tables {params.study:q} --copy {params.copies:q} > {log:q} 2>&1"


if workflow.is_main_process:  # in a job's own process the targets are its files
    try:
        steps.refuse_unknown_targets(workflow)
    except UserError as error:
        sys.exit(f"error: {error}")


onstart:
    if found := problems(STUDY):
        sys.exit("\n".join(f"error: {problem}" for problem in found))
    try:
        HELD.enter_context(exclusive(Path(WORK, "lock"), f"study {STUDY.name}"))
    except UserError as error:
        sys.exit(f"error: {error}")
    stop_with_jobs_at_sigterm()
    # Snakemake plans again when a job has ended. With its limit on jobs per second, it would also plan again one second
    # after each plan: after a hundred jobs that is a hundred times per second, on the cores of the timed jobs. No
    # setting turns the limit off: --max-jobs-per-timespan only changes it, and a long timespan delays Snakemake's end
    # by as much.
    workflow.scheduler.job_rate_limiter = None


# After a call for only some of the files there may be no table yet.
onsuccess:
    shell(
        "python -m benchmark "
        + ("show {CONFIG:q}" if Path(STUDY.shown_results, "main.md").exists() else "status {CONFIG:q}")
    )


onerror:
    shell("python -m benchmark status {CONFIG:q}")
