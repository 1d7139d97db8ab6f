// Sorting and filtering of tables. Everything is on the page without this file.
(() => {
  "use strict";

  const ROWS_WORTH_FILTERING = 8;

  // "1,234", "\u22120.5" and "23.1 %" are numbers that need no key of their own to be sorted by.
  function readNumber(text) {
    return Number(text.replaceAll(",", "").replace("\u2212", "-").replace(/\s*%$/, "e-2"));
  }

  function sortValue(row, column) {
    const cell = row.cells[column];
    const text = cell.dataset.sort ?? cell.textContent.trim();
    const number = readNumber(text);
    return text !== "" && Number.isFinite(number) ? number : text;
  }

  function compare(a, b) {
    if (typeof a === "number" && typeof b === "number") return a - b;
    if (typeof a === "number") return -1;
    if (typeof b === "number") return 1;
    return a.localeCompare(b, "en", { numeric: true });
  }

  // In a column of numbers a word stands where there is no number: "diverged", "no result".
  function isMissing(value, isNumeric) {
    return value === "" || value === "\u2013" || (isNumeric && typeof value !== "number");
  }

  function sortTable(table, column, ascending) {
    const body = table.tBodies[0];
    const isNumeric = table.tHead.rows[0].cells[column].classList.contains("number");
    const rows = [...body.rows].map((row) => ({ row, value: sortValue(row, column) }));
    rows.sort((a, b) => {
      const [first, second] = [a, b].map(({ value }) => isMissing(value, isNumeric));
      if (first || second) return first - second;
      return ascending ? compare(a.value, b.value) : compare(b.value, a.value);
    });
    body.append(...rows.map(({ row }) => row));
  }

  function makeSortable(table) {
    const headings = [...table.tHead.rows[0].cells];
    headings.forEach((heading) => {
      const button = document.createElement("button");
      button.type = "button";
      button.className = "sort";
      button.append(...heading.childNodes);
      heading.append(button);
      button.addEventListener("click", () => {
        const ascending = heading.getAttribute("aria-sort") !== "ascending";
        headings.forEach((other) => other.removeAttribute("aria-sort"));
        heading.setAttribute("aria-sort", ascending ? "ascending" : "descending");
        // Another script may have put a column before this one since.
        sortTable(table, heading.cellIndex, ascending);
      });
    });
  }

  function makeFilter(table) {
    const rows = [...table.tBodies[0].rows];
    const texts = new Map(rows.map((row) => [row, [...row.cells].map((cell) => cell.textContent).join(" ").toLowerCase()]));
    const label = document.createElement("label");
    label.className = "filter";
    label.textContent = "Show rows with ";
    const input = document.createElement("input");
    input.type = "search";
    const count = document.createElement("output");
    const update = () => {
      const wanted = input.value.trim().toLowerCase();
      rows.forEach((row) => { row.hidden = !texts.get(row).includes(wanted); });
      const shown = rows.filter((row) => !row.hidden).length;
      count.textContent = `${shown} of ${rows.length} rows`;
    };
    input.addEventListener("input", update);
    label.append(input, count);
    table.closest(".table-block").prepend(label);
    update();
  }

  document.querySelectorAll("table[data-sortable]").forEach((table) => {
    const rows = table.tBodies[0].rows.length;
    if (rows > 1) makeSortable(table);
    if (rows > ROWS_WORTH_FILTERING) makeFilter(table);
  });
})();
