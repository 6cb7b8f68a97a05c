"""YAML files with a fixed form: read and checked, with errors that name the file and the field.

Only the reading belongs here; what may stand in a file is its reader's to say.
"""

from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from complaints_platform.errors import ComplaintsError

Model = TypeVar("Model", bound=BaseModel)


class Part(BaseModel):
    """Base of all that may stand in a file: closed (an unknown key is a mistake) and immutable."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def read_yaml(path: Path, model: type[Model], error_type: type[ComplaintsError], context: Any = None) -> Model:
    """Read the file at ``path`` as ``model``, whose validators see ``context``.

    Raises:
        ComplaintsError: of ``error_type``: the file is not readable as YAML, or a field is wrong.
    """
    try:
        document = yaml.load(path.read_text(encoding="utf-8"), yaml.CSafeLoader)  # ten times as fast as SafeLoader
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise error_type(f"{path}: can't be read as YAML: {error}") from error
    if not isinstance(document, dict):
        raise error_type(f"{path}: must be a mapping")
    try:
        return model.model_validate(document, context=context)
    except ValidationError as error:
        raise error_type(f"{path}: {problems_of(error)}") from None


def problems_of(error: ValidationError, prefix: str = "") -> str:
    """Return all mistakes of ``error`` as one phrase, each with its field; without the values, which may be secret."""
    return "; ".join(
        f"{prefix}{'.'.join(map(str, problem['loc']))}: {problem['msg'].removeprefix('Value error, ')}"
        for problem in error.errors(include_input=False)
    )
