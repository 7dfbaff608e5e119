"""Write the file of a new method; it already passes the contract test."""

from __future__ import annotations

import argparse

TEMPLATE = '''"""{title}: say in one line what it does."""

from __future__ import annotations

from dataclasses import dataclass

from transformers import PreTrainedModel

from benchmark.toolbox.contract import Method
from benchmark.toolbox.job import Job
from benchmark.toolbox.masks import magnitude_masks
from benchmark.toolbox.references import Reference


class {class_name}(Method):
    """Say how it works, and where it departs from its source.

    Until you change it, this is uniform magnitude pruning.
    """

    title = "{title}"
    family = "unstructured"
    references = (Reference("Authors et al.", 2026, "venue", arxiv="0000.00000"),)

    @dataclass(frozen=True)
    class Settings:
        """What a study may set."""

        learning_rate: float = 2e-4

    settings: Settings

    def compress(self, job: Job) -> PreTrainedModel:
        masks = magnitude_masks(job.encoder, keep=job.target.keep)
        job.train(job.model, masks=masks, learning_rate=self.settings.learning_rate)
        return job.model
'''


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of `new-method`."""
    parser.add_argument("name", metavar="NAME", help="lower-case letters and underscores, such as my_pruning")


def run(args: argparse.Namespace) -> None:
    """Write methods/NAME.py.

    Raises:
        UserError: the name is taken, or is not a valid name of a Python module.
    """
    from benchmark.study.registry import METHODS, NAME
    from benchmark.system.errors import UserError
    from benchmark.system.files import write_text

    name: str = args.name
    if not (name.isidentifier() and NAME.fullmatch(name)) or name != name.lower():
        raise UserError(f'"{name}" cannot be a method\'s name: use lower-case letters, digits and underscores')
    path = METHODS / f"{name}.py"
    if path.exists():
        raise UserError(f"methods/{name}.py already exists: choose another name")
    class_name = "".join(word.capitalize() for word in name.split("_"))
    write_text(path, TEMPLATE.format(title=name.replace("_", " ").capitalize(), class_name=class_name))
    print(f"methods/{name}.py\ntest it: python -m pytest tests/test_contract.py --method {name}")
