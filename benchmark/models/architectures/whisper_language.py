"""The language of a Whisper model, from its generation config. No torch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from typing_extensions import TypedDict

from benchmark.system.errors import UserError
from benchmark.system.validated import Count, checked


class _Languages(TypedDict, total=False):
    """What a generation config says of languages; an English-only model's says nothing."""

    is_multilingual: bool
    language: str | None
    lang_to_id: dict[str, Count]
    task_to_id: dict[str, Count]


def check_language(generation: Mapping[str, Any], language: str | None) -> None:
    """Check the language that a study names for a model with this generation config.

    Raises:
        UserError: the model needs a language, takes none, or does not know this one.
    """
    config = _languages(generation)
    if config.get("is_multilingual", False):
        language_and_task(generation if language is None else {**generation, "language": language})
    elif language is not None:
        raise UserError("the model is for English only and takes no language: remove `language` under `dense`")


def language_and_task(generation: Mapping[str, Any]) -> list[int]:
    """The two tokens after the start of a multilingual model's prompt; none for an English-only model.

    Raises:
        UserError: the generation config has no language, or one that the model does not know, or lacks its tokens.
    """
    config = _languages(generation)
    if not config.get("is_multilingual", False):
        return []
    language = config.get("language")
    if language is None:
        raise UserError(
            "the model is multilingual and has no language: name one in the study, as `dense: {language: en}`, or as "
            "`language` in its generation_config.json"
        )
    languages, token = config.get("lang_to_id", {}), f"<|{language.strip('<|>')}|>"
    if token not in languages:
        known = ", ".join(sorted(name.strip("<|>") for name in languages))
        raise UserError(f"the model has no language {language!r}; it has: {known or 'none'}")
    if "transcribe" not in config.get("task_to_id", {}):
        raise UserError("generation_config.json lacks the task `transcribe`: copy it from the published model")
    return [languages[token], config["task_to_id"]["transcribe"]]


def _languages(generation: Mapping[str, Any]) -> _Languages:
    known = {key: generation[key] for key in _Languages.__annotations__ if key in generation}
    return checked(known, _Languages, "generation_config.json")
