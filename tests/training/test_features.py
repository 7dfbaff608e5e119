"""The cache of the front-end's output: damage is found when it is opened, and the next writing repairs it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from benchmark.corpora.manifest import Dataset
from benchmark.models.checkpoints import SpeechModel
from benchmark.system.errors import UserError
from benchmark.training.features import Features, write_features
from benchmark.training.speech import Speech


def halve(folder: Path) -> None:
    path = folder / "features.f16"
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def blank(folder: Path) -> None:
    (folder / "features.f16").write_bytes(bytes((folder / "features.f16").stat().st_size))


def lose(folder: Path) -> None:
    (folder / "features.f16").unlink()


def spoil(folder: Path) -> None:
    (folder / "index.json").write_text("[]")


@pytest.mark.parametrize("damage", [halve, blank, lose, spoil])
def test_damage_is_found_and_mended(
    tiny: SpeechModel, tiny_corpus: Path, tmp_path: Path, damage: Callable[[Path], None]
) -> None:
    speech, folder = Speech(tiny, Dataset.open(tiny_corpus), "test"), tmp_path / "features"
    write_features(tiny.model, speech, folder, "key")
    good = Features(folder)(3)
    damage(folder)
    with pytest.raises(UserError, match=r"features\.f16 (is damaged|cannot be read)|index\.json: the whole"):
        Features(folder)
    write_features(tiny.model, speech, folder, "key")
    np.testing.assert_array_equal(Features(folder)(3), good)
