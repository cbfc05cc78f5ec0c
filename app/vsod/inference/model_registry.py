"""Model specs: everything the program knows of a net without importing it.

A spec is a TOML file, and it is the plugin manifest: the built-in ones, those
a user drops into a folder and the ones of installed packages (entry-point
group ``vsod.models``, each naming a folder) come through the same door. A spec
that cannot be read is a row that says why.
"""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from importlib.resources import files
from pathlib import Path

from vsod import paths
from vsod.core.data_parsing import parse_toml, read_text, reason
from vsod.core.matte_settings import CRF_MODES
from vsod.core.old_keys import (
    INPUT_NAMES,
    MODEL_INPUT,
    MODEL_OUTPUT,
    MODEL_SPEC,
    WINDOW_KINDS,
    new_entry,
    renamed,
)
from vsod.core.safe_text import sanitise
from vsod.core.size_limits import MAX_PIXELS
from vsod.errors import ModelError, UnknownModel
from vsod.inference.model_code import code_files, model_packages
from vsod.inference.model_spec import TRAINING_DATA_NOTICES, ModelSpec

DEFAULT_MODEL = "swift"  # listed first
_SETTLED = (
    3_000_000_000  # nanoseconds: a file may change twice within the clock of a file system, FAT's has 2 s
)
_READABLE = {"image", "motion", "flow_image", "grey_flow", "prior"}
_KNOWN = {
    "id",
    "title",
    "summary",
    "architecture",
    "published",
    "licence",
    "commercial_use",
    "training_data_terms",
    "entry",
    "weights",
    "sha256",
    "flow",
    "trained_on",
    "options",
    "inputs",
    "window",
    "input",
    "output",
    "measured",
}


_log = logging.getLogger(__name__)

Stamp = tuple[tuple[str, int, int], ...]
_beside: list[Path] = []  # folders of models for the moment, see models_in
_read = dict[Path, tuple[Stamp, ModelSpec]]()  # the usable specs that were read, and what was there then


def read_model_spec(path: Path) -> ModelSpec:
    """Read one spec; whatever is wrong with it ends up in ``problem``."""
    try:
        raw = renamed(parse_toml(read_text(path)), MODEL_SPEC)
        unknown = set(raw) - _KNOWN
        if unknown:
            raise ValueError(f"unknown keys: {', '.join(sorted(unknown))}")
        size, window, output = (
            renamed(raw.get("input", {}), MODEL_INPUT),
            raw.get("window", {}),
            renamed(raw.get("output", {}), MODEL_OUTPUT),
        )
        weights = _find_weights(path, str(raw["weights"]))
        model = ModelSpec(
            id=_id(str(raw["id"])),
            title=sanitise(str(raw["title"])),
            summary=sanitise(str(raw.get("summary", ""))),
            architecture=sanitise(str(raw.get("architecture", ""))),
            published=sanitise(str(raw.get("published", ""))),
            licence=sanitise(str(raw["licence"])),
            commercial_use=sanitise(str(raw.get("commercial_use", "ask"))),
            training_data_terms=str(raw.get("training_data_terms", "unknown")),
            entry=new_entry(str(raw["entry"])),
            weights=weights,
            sha256=str(raw.get("sha256", "")),
            flow=str(raw.get("flow", "none")),
            area=int(size.get("area", 82944)),
            multiple=int(size.get("multiple", 32)),
            inputs=_names(raw.get("inputs", ("image", "motion"))),
            static_prior=float(size.get("static_prior", 0.5)),
            window=int(window.get("length", 0)),
            chunked_window=_is_clips(str(window.get("kind", "causal"))),
            decision_threshold=float(output.get("decision_threshold", 0.5)),
            crf=str(output.get("crf", "off")),
            trained_on=tuple(sanitise(str(name)) for name in raw.get("trained_on", ())),
            options=dict(raw.get("options", {})),
            measured=dict(raw.get("measured", {})),
            source=path,
            problem=None if weights.is_file() else f"weights file {weights.name} is missing",
        )
        if not 32 * 32 <= model.area <= MAX_PIXELS or not 1 <= model.multiple <= 4096:
            raise ValueError("input.area or input.multiple is too small or too large")
        if not 0 <= model.window <= 1000:
            raise ValueError("window.length must lie between 0 and 1000")
        if not 0 < model.decision_threshold < 1:
            raise ValueError("output.decision_threshold must lie between 0 and 1")
        if model.training_data_terms not in TRAINING_DATA_NOTICES:
            raise ValueError(f"training_data_terms must be one of {', '.join(TRAINING_DATA_NOTICES)}")
        if model.crf not in CRF_MODES[1:]:
            raise ValueError(f"output.crf must be one of {', '.join(CRF_MODES[1:])}")
        code_files(model)
        return model
    except ModelError as error:
        return ModelSpec(id=path.stem, title=path.stem, source=path, problem=sanitise(error.what))
    except Exception as error:  # a file of anyone's: whatever is wrong with it is wrong with this model alone
        detail = f"key {error} is missing" if isinstance(error, KeyError) else sanitise(reason(error))
        return ModelSpec(id=sanitise(path.stem), title=sanitise(path.stem), source=path, problem=detail)


def _id(text: str) -> str:
    """It is part of file names and of commands."""
    if not re.fullmatch(r"\w[\w.+-]{0,63}", text):
        raise ValueError("id must be a word of letters, digits and . + - _")
    return text


def _names(reads: Iterable[str]) -> tuple[str, ...]:
    names = tuple(INPUT_NAMES.get(str(name), str(name)) for name in reads)
    if not names or len(names) > 2 or not set(names) <= _READABLE:
        raise ValueError(f"inputs must be one or two of {', '.join(sorted(_READABLE))}")
    return names


def _is_clips(kind: str) -> bool:
    kind = WINDOW_KINDS.get(kind, kind)
    if kind not in ("causal", "chunks"):
        raise ValueError("window.kind must be causal or chunks")
    return kind == "chunks"


def _find_weights(model: Path, name: str) -> Path:
    places = [model.parent / name, model.parent.parent / "weights" / name, paths.weights_dir() / name]
    # where training would put them: beside a model of the user's, with ours for one of ours
    missing = places[-1] if model.parent == paths.model_specs_dir() else places[0]
    return next((p for p in places if p.is_file()), missing)


def _known_spec(path: Path) -> ModelSpec:
    """:func:`read_model_spec`, from memory while the file and the folders it depends on are as they were."""
    kept = _read.get(path)
    stamp = _stamp(path)
    if kept is not None and kept[0] == stamp and kept[1].weights is not None and kept[1].weights.is_file():
        return kept[1]
    spec = read_model_spec(path)
    newest = max((changed for _, changed, _ in stamp), default=time.time_ns())
    if spec.problem is None and time.time_ns() - newest > _SETTLED:
        _read[path] = stamp, spec
    return spec


def _stamp(path: Path) -> Stamp:
    """Times and sizes of a spec and of the folders that its code and weights lie in."""
    found = []
    for place in (path, path.parent, path.parent.parent / "weights", paths.weights_dir()):
        with suppress(OSError):
            state = place.stat()
            found.append((str(place), state.st_mtime_ns, state.st_size))
    return tuple(found)


def _found() -> Iterator[ModelSpec]:
    yield from map(_known_spec, _model_files(paths.model_specs_dir()))
    for folder in paths.user_models_dirs():
        yield from map(_known_spec, _model_files(folder))
    for folder in _beside:
        yield from map(_known_spec, _model_files(folder))
    for point in model_packages():
        try:
            inside = Path(str(files(point.value)))
        except (
            Exception
        ) as error:  # a package of anyone's that does not import is one row, not the end of all
            name = sanitise(point.name)
            yield ModelSpec(
                id=name, title=name, problem=f"its package cannot be used: {sanitise(reason(error))}"
            )
        else:
            yield from map(_known_spec, _model_files(inside))


def _model_files(folder: Path) -> list[Path]:
    try:
        single = sorted(folder.glob("*.toml"), key=lambda file: (file.stem != DEFAULT_MODEL, file))
        return [*single, *sorted(folder.glob("*/model.toml")), *sorted(folder.glob("*/card.toml"))]
    except OSError as error:
        _log.warning("the models of %s cannot be listed: %s", folder, error)
        return []


@contextmanager
def models_in(folder: Path) -> Iterator[None]:
    """Find the models of one more folder meanwhile, such as those of a training run."""
    _beside.append(folder)
    try:
        yield
    finally:
        _beside.remove(folder)


def list_models() -> list[ModelSpec]:
    """Every model found, built-in ones first; a later model with a taken id is reported, not used."""
    models: dict[str, ModelSpec] = {}
    for model in _found():
        if model.id in models:
            taken = f"{model.id}@{sanitise(model.source.parent.name) if model.source else 'package'}"
            # one that could not be read was only named after its file
            why = f"the id '{model.id}' is taken" if model.entry else model.problem
            model = ModelSpec(id=taken, title=model.title, source=model.source, problem=why)
        models[model.id] = model
    return list(models.values())


def find_model(model_id: str) -> ModelSpec:
    """The model with this id, usable or not.

    Raises:
        UnknownModel: There is none.
    """
    models = list_models()
    for model in models:
        if model.id == model_id:
            return model
    raise UnknownModel(f"unknown model '{model_id}'", fix=f"Use one of: {', '.join(c.id for c in models)}.")


def require_model(model_id: str) -> ModelSpec:
    """The model with this id, ready to run.

    Raises:
        UnknownModel: There is none, or it is broken.
    """
    model = find_model(model_id)
    if model.problem:
        raise UnknownModel(f"model '{model_id}' cannot be used: {model.problem}", where=model.source)
    return model
