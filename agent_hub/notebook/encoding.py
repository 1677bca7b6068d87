"""A value of a notebook as a file: by its type, without ever running code of it to load it again."""

from __future__ import annotations

import json
import pickle
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from agent_hub.errors import InvalidInput, NotSerialisable
from agent_hub.notebook import display
from agent_hub.notebook.packages import need

ROWS_AT_ONCE = 500_000
"""Of a pandas frame that is written: what is converted for it takes memory."""

MOST_COLUMNS = 30
"""That an agent is told of by name."""


class Pickle:
    """A value that is handed over as a pickle, as loading one runs code: ``inputs={"model": Pickle(model)}``."""

    def __init__(self, value: Any) -> None:
        self.value = value

    def __repr__(self) -> str:
        return f"Pickle({self.value!r})"


@dataclass(frozen=True)
class Encoded:
    """A value as a file.

    Parameters
    ----------
    name
        The value's, in the notebook.
    file
        The file's name in the workspace.
    path
        Where it is on this machine.
    kind, shape
        What it is, in words.
    """

    name: str
    file: str
    path: Path
    kind: str
    shape: str = ""


def encode(name: str, value: Any, path: Path) -> Encoded:
    """Write a value to `path`, or take the file that it names.

    Raises
    ------
    NotSerialisable, MissingPackage, InvalidInput
    """
    if isinstance(value, Path):
        return _file(name, value)
    if isinstance(value, bytes | bytearray | memoryview):
        path.write_bytes(value)
        return Encoded(name, name if Path(name).suffix else f"{name}.bin", path, "bytes", display.size(len(value)))
    if isinstance(value, Pickle):
        return _pickle(name, value.value, path)
    for package, write in _BY_PACKAGE.items():
        # A value of a package that was never imported there cannot be.
        module = sys.modules.get(package)
        if module is not None and (made := write(module, name, value, path)) is not None:
            return made
    return _json(name, value, path)


def _file(name: str, source: Path) -> Encoded:
    source = source.expanduser()
    if source.is_dir():
        raise InvalidInput(
            f"The input {name!r} is the folder {source}.", "Mount it: new_chat(…, mounts=…).", field="inputs"
        )
    if not source.is_file():
        raise InvalidInput(f"The input {name!r} is {source}, which is no file.", "Check the path.", field="inputs")
    suffix = source.suffix
    file = name if not suffix or name.endswith(suffix) else name + suffix
    return Encoded(name, file, source, f"a file{f' ({suffix})' if suffix else ''}", display.size(source.stat().st_size))


def _pickle(name: str, value: Any, path: Path) -> Encoded:
    try:
        with path.open("wb") as file:
            pickle.dump(value, file, protocol=pickle.HIGHEST_PROTOCOL)
    except (pickle.PicklingError, TypeError, AttributeError, RecursionError, ValueError) as error:
        raise NotSerialisable(
            f"The input {name!r} cannot be pickled: {error}.", "Hand over what it is made from instead.", field="inputs"
        ) from error
    return Encoded(name, f"{name}.pkl", path, f"a pickled {_type(value)}", "load it with pickle")


def _json(name: str, value: Any, path: Path) -> Encoded:
    try:
        with path.open("w", encoding="utf-8") as file:
            json.dump(value, file, ensure_ascii=False, default=_plain)
    except NotSerialisable as error:
        raise _unserialisable(name, error.message) from None
    except (TypeError, ValueError, RecursionError) as error:
        # A lone surrogate is a ValueError too.
        raise _unserialisable(name, f"It holds what JSON has not: {error}.") from error
    return Encoded(name, f"{name}.json", path, f"JSON ({_type(value)})", _length(value))


def _plain(value: Any) -> Any:
    """What JSON has for a value within another: arrays and their numbers."""
    if type(value).__module__ == "numpy" and hasattr(value, "tolist"):
        return value.tolist()
    raise NotSerialisable(f"Of a {_type(value)} no file can be made by itself.")


def _unserialisable(name: str, why: str) -> NotSerialisable:
    return NotSerialisable(
        f"The input {name!r} is not of a type that the hub hands over. {why}",
        f"Convert it to a DataFrame, an array, or dicts and lists; or, as loading one runs code, by name: "
        f'inputs={{"{name}": agent_hub.Pickle({name})}}.',
        field="inputs",
    )


# -- frames and arrays


def _pandas(pandas: Any, name: str, value: Any, path: Path) -> Encoded | None:
    if isinstance(value, pandas.Series):
        value = value.to_frame(name if value.name is None else value.name)
    if not isinstance(value, pandas.DataFrame):
        return None
    pyarrow = need("pyarrow", f"To hand over {name!r}, a pandas DataFrame,")
    parquet = need("pyarrow.parquet", f"To hand over {name!r}, a pandas DataFrame,")
    try:
        schema = pyarrow.Schema.from_pandas(value)
        with parquet.ParquetWriter(path, schema) as writer:
            for start in range(0, max(len(value), 1), ROWS_AT_ONCE):
                rows = value.iloc[start : start + ROWS_AT_ONCE]
                writer.write_table(pyarrow.Table.from_pandas(rows, schema=schema))
    except (pyarrow.ArrowException, TypeError, ValueError, OverflowError) as error:
        raise NotSerialisable(
            f"The input {name!r} cannot be written as Parquet: {_first_line(error)}.",
            "Give each column one type, such as df[column].astype(str), and each its own name.",
            field="inputs",
        ) from error
    columns = [(str(column), str(value.dtypes.iloc[at])) for at, column in enumerate(value.columns)]
    return Encoded(name, f"{name}.parquet", path, "a pandas DataFrame", _table(len(value), columns))


def _polars(polars: Any, name: str, value: Any, path: Path) -> Encoded | None:
    if isinstance(value, polars.LazyFrame):
        raise NotSerialisable(f"The input {name!r} is a LazyFrame.", f"Pass {name}.collect().", field="inputs")
    if isinstance(value, polars.Series):
        value = value.to_frame(value.name or name)
    if not isinstance(value, polars.DataFrame):
        return None
    try:
        value.write_parquet(path)
    except (polars.exceptions.PolarsError, polars.exceptions.PanicException) as error:
        raise NotSerialisable(
            f"The input {name!r} cannot be written as Parquet: {_first_line(error)}.",
            "Give each column a type that Parquet has.",
            field="inputs",
        ) from error
    columns = [(column, str(kind)) for column, kind in value.schema.items()]
    return Encoded(name, f"{name}.parquet", path, "a polars DataFrame", _table(value.height, columns))


def _pyarrow(pyarrow: Any, name: str, value: Any, path: Path) -> Encoded | None:
    if isinstance(value, pyarrow.RecordBatch):
        value = pyarrow.Table.from_batches([value])
    if not isinstance(value, pyarrow.Table):
        return None
    try:
        need("pyarrow.parquet", f"To hand over {name!r}, a pyarrow Table,").write_table(value, path)
    except pyarrow.ArrowException as error:
        raise NotSerialisable(
            f"The input {name!r} cannot be written as Parquet: {_first_line(error)}.",
            "Give each column a type that Parquet has.",
            field="inputs",
        ) from error
    columns = [(field.name, str(field.type)) for field in value.schema]
    return Encoded(name, f"{name}.parquet", path, "a pyarrow Table", _table(value.num_rows, columns))


def _numpy(numpy: Any, name: str, value: Any, path: Path) -> Encoded | None:
    if not isinstance(value, numpy.ndarray):
        return None
    if isinstance(value, numpy.ma.MaskedArray):
        raise NotSerialisable(
            f"The input {name!r} is a masked array, whose mask would be lost.",
            f"Pass {name}.filled(…).",
            field="inputs",
        )
    try:
        with path.open("wb") as file:
            numpy.save(file, value, allow_pickle=False)
    except ValueError as error:
        raise NotSerialisable(
            f"The input {name!r} is an array of {value.dtype}, which takes a pickle.",
            "Give it a type of numbers or text with .astype(…), or pass a list.",
            field="inputs",
        ) from error
    return Encoded(name, f"{name}.npy", path, "a NumPy array", f"shape {value.shape}, {value.dtype}")


_BY_PACKAGE: dict[str, Callable[[Any, str, Any, Path], Encoded | None]] = {
    "pandas": _pandas,
    "polars": _polars,
    "pyarrow": _pyarrow,
    "numpy": _numpy,
}


# -- words


def _table(rows: int, columns: list[tuple[str, str]]) -> str:
    named = ", ".join(f"{_quoted(column)} {kind}" for column, kind in columns[:MOST_COLUMNS])
    more = f" and {len(columns) - MOST_COLUMNS} more" if len(columns) > MOST_COLUMNS else ""
    size = f"{rows:,} row{'s' * (rows != 1)} × {len(columns):,} column{'s' * (len(columns) != 1)}"
    return f"{size}: {named}{more}" if columns else size


def _quoted(column: str) -> str:
    return column if column.isidentifier() else json.dumps(column[:80], ensure_ascii=False)


def _length(value: Any) -> str:
    if isinstance(value, dict | list | tuple):
        return f"of {len(value):,}"
    return f"{len(value):,} characters" if isinstance(value, str) else ""


def _type(value: Any) -> str:
    kind = type(value)
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"


def _first_line(error: BaseException) -> str:
    return next(iter(str(error).splitlines()), type(error).__name__).rstrip(".")
