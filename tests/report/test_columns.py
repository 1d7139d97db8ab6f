"""A column knows its heading, its unit and how a row's value is read: they cannot come apart."""

from __future__ import annotations

from kerascnn.report.parts.elements import Cell, Mark
from kerascnn.report.tables.columns import MeasureReader, Reader, build_measures, build_table

Person = tuple[str, int]
NAME = Reader[Person]("name", "Name", lambda person: person[0])
AGE = Reader[Person]("age", "Age", lambda person: person[1], "count")
ROWS = [("Ada", 36), ("Grace", 85)]


def test_a_table_has_a_cell_for_each_column_in_each_row() -> None:
    table = build_table("people", "People", (NAME, AGE), ROWS, "p.csv", "A note.")
    assert [column.key for column in table.columns] == ["name", "age"]
    assert [[cell.value for cell in row] for row in table.rows] == [["Ada", 36], ["Grace", 85]]
    assert (table.anchor, table.caption, table.csv, table.note) == ("people", "People", "p.csv", "A note.")


def test_columns_in_another_order_take_their_values_along() -> None:
    table = build_table("people", "People", (AGE, NAME), ROWS, "p.csv")
    assert [cell.value for cell in table.rows[0]] == [36, "Ada"]


def test_a_column_with_a_unit_is_one_of_numbers_unless_it_says_otherwise() -> None:
    key = Reader[Person]("key", "Key", lambda person: person[0], "key")
    mixed = Reader[Person]("age", "Age", lambda person: person[1], "number", is_numeric=False)
    assert [column.heading().numeric for column in (NAME, AGE, key, mixed)] == [False, True, False, False]
    assert AGE.cell(ROWS[0]) == Cell(36, "count")


def test_a_column_may_show_more_than_a_value() -> None:
    marked = Reader[Person]("age", "Age", lambda person: Cell(person[1], "number", mark=Mark("old", "done")))
    assert marked.cell(ROWS[1]) == Cell(85, "number", mark=Mark("old", "done"))


def test_a_plain_table_names_its_rows_and_measures_them() -> None:
    age = MeasureReader[Person]("Age, years", "count", lambda person: person[1])
    measures = build_measures("People", "Name", lambda person: person[0], (age,), ROWS)
    assert [(row.head, row.values) for row in measures.rows] == [("Ada", (36,)), ("Grace", (85,))]
    assert [(column.label, column.unit) for column in measures.columns] == [("Age, years", "count")]
