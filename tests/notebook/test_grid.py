from __future__ import annotations

from datetime import date
from typing import Any

import numpy
import pandas
import polars
import pyarrow
import pytest

from agent_hub.errors import InvalidInput
from agent_hub.notebook.grid import combinations, tasks

ROWS = [{"lr": 0.1, "bird": "heron"}, {"lr": 0.01, "bird": "crane"}]
COLUMNS = {"lr": [0.1, 0.01], "bird": ["heron", "crane"]}


@pytest.mark.parametrize(
    "grid", [ROWS, iter(ROWS), pandas.DataFrame(COLUMNS), polars.DataFrame(COLUMNS), pyarrow.table(COLUMNS)]
)
def test_rows_are_taken_one_by_one(grid: Any):
    assert combinations(grid) == ROWS


@pytest.mark.parametrize(
    "values", [[1, 2], (1, 2), range(1, 3), numpy.array([1, 2]), pandas.Series([1, 2]), iter([1, 2])]
)
def test_every_combination_is_made_in_order(values: Any):
    found = combinations({"a": values, "b": "text", "c": [None, {"x": 1}]})
    assert [(row["a"], row["b"], row["c"]) for row in found] == [
        (1, "text", None),
        (1, "text", {"x": 1}),
        (2, "text", None),
        (2, "text", {"x": 1}),
    ]


def test_a_prompt_is_filled_in_as_by_format():
    (task,) = tasks(
        "{a:>{width}} {b[0]} {c.year} {{d}} {a!r}", [{"a": "x", "width": 3, "b": [1], "c": date(2020, 1, 1)}]
    )
    assert task["prompt"] == "  x 1 2020 {d} 'x'"


@pytest.mark.parametrize(
    ("value", "kept", "said"),
    [
        (1e-05, 1e-05, "1e-05"),
        (numpy.float64(0.1), 0.1, "0.1"),
        (numpy.int64(3), 3, "3"),
        (numpy.bool_(True), True, "True"),
        (True, True, "True"),
        (None, None, "None"),
        (float("inf"), "inf", "inf"),
        (float("nan"), "nan", "nan"),
        ((1, 2), "(1, 2)", "(1, 2)"),
        (pandas.Timestamp("2020-01-01"), "2020-01-01 00:00:00", "2020-01-01 00:00:00"),
    ],
)
def test_a_value_is_kept_as_what_json_has(value: Any, kept: Any, said: str):
    (task,) = tasks("{x}", [{"x": value}])
    assert (task["prompt"], task["parameters"]) == (said, {"x": kept})
    assert type(task["parameters"]["x"]) is type(kept)


def test_a_column_that_no_prompt_names_goes_along():
    assert tasks("{lr}", ROWS)[1] == {"prompt": "0.01", "parameters": ROWS[1]}


@pytest.mark.parametrize(
    ("prompt", "grid", "told"),
    [
        ("{x", {"x": [1]}, "cannot be filled in"),
        ("{x:q}", {"x": [1]}, "cannot be filled in"),
        ("{x.y}", {"x": [1]}, "cannot be filled in"),
        ("{x:{w}}", {"x": [1]}, r"names \{w\}"),
        ("{0}", {"x": [1]}, "is no name"),
        ("{x}", "text", "is no row"),
        ("{x}", 3, "is no row"),
        ("{x}", [3], "is no row"),
        ("{x}", {}, "empty"),
        ("{a}{b}{c}", {"a": range(3000), "b": range(3000), "c": range(3000)}, "27,000,000,000 combinations"),
        ("{x}", [{"x": 1}] * 10_001, "10,001 combinations, and 10,000 are the most"),
        ("{x}", pandas.DataFrame({"x": []}), "empty"),
        ("x", pandas.DataFrame({0: [1]}), "0 is no name"),
    ],
)
def test_what_does_not_fit_is_said_before_anything_starts(prompt: str, grid: Any, told: str):
    with pytest.raises(InvalidInput, match=told):
        tasks(prompt, grid)
