"""Write the file of a new study; it can be run as it is."""

from __future__ import annotations

import argparse

TEMPLATE = """\
# Say in a line what this study asks. All keys: docs/studies.md. Run it: pinchbench run {name}
name: {name} # results go to results/{name}

# The embedded speech. Yours: a folder of the same Parquet files as `root`, or name: an4, or name: librispeech.
corpus: {{name: mini, root: data/mini, train: train, dev: dev, tests: [test-clean, test-other]}}

# What is compressed: a folder, or a Hugging Face id with a pinned revision.
dense: {{model: data/mini/model}}

# What each run may compute: a forward of the dense model over a second of audio costs 1, a backward 2.
budget: {{kind: work, limit: 15000}}
training: {{batch_seconds: 32}} # of audio in a batch: less, where memory is short
evaluation: {{batch_seconds: 16}}

targets: [0.65] # shares of the encoder's weights that are to go
seeds: [0] # a run of each method for each: [0, 1, 2] shows how far chance alone moves the results

# Where the methods' learning rates come from. Another model or corpus has others: search them with `tuning`.
settings_from: mini-full

# Rows of the table. `python -m benchmark methods` lists all there are, with their settings.
methods:
  dense:
  self_pinching:
  uniform_magnitude:
  # self_pinching_gentle: {{method: self_pinching, settings: {{size_weight: 20}}}} # a row with settings of its own
  # "*": # every other method
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of `new-study`."""
    parser.add_argument("name", metavar="NAME", help="small letters, digits and -, such as my-study")


def run(args: argparse.Namespace) -> None:
    """Write config/NAME.yaml.

    Raises:
        UserError: the name is taken, or is not valid in the names of files and folders.
    """
    import re

    from benchmark.study.paths import ResultsFolder
    from benchmark.system import project
    from benchmark.system.errors import UserError
    from benchmark.system.files import write_text

    name: str = args.name
    if not re.fullmatch(r"[a-z0-9][a-z0-9-]{0,63}", name):
        raise UserError(
            f'"{name}" cannot be a study\'s name: up to 64 small letters, digits and -, a letter or digit first'
        )
    path = project.ROOT / "config" / f"{name}.yaml"
    if path.exists() or ResultsFolder.of(name).path.exists():
        raise UserError(f"study {name} exists already: take another name")
    write_text(path, TEMPLATE.format(name=name))
    print(f"config/{name}.yaml\ncheck it: pinchbench check {name}\nrun it:   pinchbench run {name}")
