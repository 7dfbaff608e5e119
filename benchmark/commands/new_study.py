"""Write the file of a new study; it can be run as it is."""

from __future__ import annotations

import argparse

TEMPLATE = """\
# Say in one line what this study asks. All keys: docs/studies.md. Run it: pinchbench run {name}
name: {name} # results go to results/{name}

# The embedded speech. For your own, set `root` to a folder of such Parquet files; or use name: an4 or librispeech.
corpus: {{name: mini, root: data/mini, train: train, dev: dev, tests: [test-clean, test-other]}}

# The model to compress: a folder, or a Hugging Face id with a pinned revision.
dense: {{model: data/mini/model}}

# What each run may compute: a forward of the dense model over one second of audio costs 1, a backward 2.
budget: {{kind: work, limit: 15000}}
training: {{batch_seconds: 32}} # seconds of audio per batch; lower it if memory runs out
evaluation: {{batch_seconds: 16}}

targets: [0.65] # shares of the encoder's weights to remove
seeds: [0] # one run of each method per seed; [0, 1, 2] shows how much results vary by chance

# Where the methods' learning rates come from. Another model or corpus needs other rates: search them with `tuning`.
settings_from: mini-full

# The rows of the table. `python -m benchmark methods` lists all methods with their settings.
methods:
  dense:
  self_pinching:
  uniform_magnitude:
  # self_pinching_gentle: {{method: self_pinching, settings: {{size_weight: 20}}}} # a row with its own settings
  # "*": # every other method
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of `new-study`."""
    parser.add_argument("name", metavar="NAME", help="lower-case letters, digits and -, such as my-study")


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
            f'"{name}" cannot be a study\'s name: use up to 64 lower-case letters, digits and -, not beginning with -'
        )
    path = project.ROOT / "config" / f"{name}.yaml"
    if path.exists() or ResultsFolder.of(name).path.exists():
        raise UserError(f"study {name} already exists: choose another name")
    write_text(path, TEMPLATE.format(name=name))
    print(f"config/{name}.yaml\ncheck it: pinchbench check {name}\nrun it:   pinchbench run {name}")
