// Two arms side by side: what differs between them, and how they did. What is shown here stands in the
// page's two tables, which have one row for each arm in the same order.
(() => {
  "use strict";

  const SIDES = ["A", "B"];
  const NO_DIFFERENCE = ["Seeds", "sd"];
  const MINUS = "\u2212";

  const results = document.getElementById("comparison");
  const settings = document.getElementById("settings");
  if (!results || !settings || results.tBodies[0].rows.length < 2) return;

  const arms = [...results.tBodies[0].rows].map((row, place) => ({
    row,
    label: `${settings.tBodies[0].rows[place].cells[1].textContent.trim()} ${row.cells[0].textContent.trim()}`,
    head: row.cells[0],
    results: readRow(results, row),
    settings: readRow(settings, settings.tBodies[0].rows[place]),
  }));
  const chosen = { A: null, B: null };
  const selects = {};
  const radios = { A: [], B: [] };

  // Heading -> cell of everything beside the arm's name and experiment.
  function readRow(table, row) {
    const headings = [...table.tHead.rows[0].cells].map((heading) => heading.textContent.trim());
    return new Map(headings.slice(2).map((heading, place) => [heading, row.cells[place + 2]]));
  }

  function make(tag, properties = {}, ...children) {
    const element = Object.assign(document.createElement(tag), properties);
    element.append(...children);
    return element;
  }

  function makeSelect(side) {
    const select = make("select", { id: `compare-${side}` }, make("option", { value: "", textContent: "choose an arm" }));
    arms.forEach((arm, place) => select.append(make("option", { value: place, textContent: arm.label })));
    select.addEventListener("change", () => choose(side, select.value === "" ? null : Number(select.value)));
    selects[side] = select;
    return make("label", { className: "side" }, `Arm ${side} `, select);
  }

  // One group of radio buttons for each side runs down the table: one stop of the Tab key, arrow keys inside.
  function addRadios() {
    const heading = make("th", { scope: "col", className: "pair", textContent: "Compare" });
    results.tHead.rows[0].prepend(heading);
    arms.forEach((arm, place) => {
      const cell = make("td", { className: "pair" });
      for (const side of SIDES) {
        const radio = make("input", { type: "radio", name: `compare-${side}`, value: place });
        radio.setAttribute("aria-label", `${arm.label} as arm ${side}`);
        radio.addEventListener("change", () => choose(side, place));
        radios[side].push(radio);
        cell.append(make("label", {}, radio, make("span", { ariaHidden: "true", textContent: side })));
      }
      arm.row.prepend(cell);
    });
  }

  function choose(side, place) {
    chosen[side] = place;
    selects[side].value = place ?? "";
    radios[side].forEach((radio, other) => { radio.checked = other === place; });
    arms.forEach((arm, other) => arm.row.classList.toggle("is-chosen", SIDES.some((one) => chosen[one] === other)));
    show();
  }

  function show() {
    const [a, b] = SIDES.map((side) => arms[chosen[side]]);
    if (!a || !b || a === b) {
      panel.replaceChildren();
      status.textContent = a && a === b ? "Both sides are the same arm; choose another one." : "Choose two arms, here or in the table below.";
      return;
    }
    const names = [...a.settings.keys()].filter((name) => text(a.settings.get(name)) !== text(b.settings.get(name)));
    const same = a.settings.size - names.length;
    status.textContent = `${a.label} against ${b.label}: ${count(names.length, "setting")} differ${names.length === 1 ? "s" : ""}, ${same} do not.`;
    panel.replaceChildren(
      ...(names.length ? [sideBySide("What differs", names, a, b, "settings", false)] : []),
      sideBySide("How they did", [...a.results.keys()], a, b, "results", true),
    );
  }

  function count(number, noun) {
    return `${number} ${noun}${number === 1 ? "" : "s"}`;
  }

  function text(cell) {
    return cell.textContent.trim();
  }

  function sideBySide(caption, names, a, b, kind, withDifference) {
    const head = make("tr", {}, make("td"), sideHeading("A", a), sideHeading("B", b));
    if (withDifference) head.append(make("th", { scope: "col", className: "number", textContent: "B against A" }));
    const rows = names.map((name) => {
      const [first, second] = [a[kind].get(name), b[kind].get(name)];
      const look = withDifference ? "number" : "";
      const row = make("tr", {}, make("th", { scope: "row", textContent: name }),
        make("td", { textContent: text(first), className: look }), make("td", { textContent: text(second), className: look }));
      if (withDifference) row.append(make("td", { className: "number", textContent: difference(name, first, second) }));
      return row;
    });
    const table = make("table", {}, make("caption", { textContent: caption }), make("thead", {}, head), make("tbody", {}, ...rows));
    const region = make("div", { className: "scroll", tabIndex: 0 }, table);
    region.setAttribute("role", "region");
    region.setAttribute("aria-label", caption);
    return region;
  }

  function sideHeading(side, arm) {
    const name = [...arm.head.querySelector(".row-head").childNodes].map((node) => node.cloneNode(true));
    return make("th", { scope: "col" }, make("span", { className: "row-head" }, `${side}:`, ...name));
  }

  // Accuracies differ in points, costs by a factor.
  function difference(name, first, second) {
    const [a, b] = [first, second].map((cell) => cell.dataset.sort === undefined ? NaN : Number(cell.dataset.sort));
    if (NO_DIFFERENCE.includes(name) || !Number.isFinite(a) || !Number.isFinite(b)) return "";
    if (/(%|points)$/.test(text(first))) return `${signed(100 * (b - a))} points`;
    return a > 0 ? `\u00d7 ${Number((b / a).toPrecision(3))}` : "";
  }

  function signed(value) {
    const rounded = value.toFixed(1);
    if (Number(rounded) === 0) return "0.0";
    return Number(rounded) > 0 ? `+${rounded}` : rounded.replace("-", MINUS);
  }

  const status = make("p", { className: "status" });
  status.setAttribute("aria-live", "polite");
  const panel = make("div", { className: "sides" });
  const section = make("section", { id: "compare", className: "compare" },
    make("h2", { id: "compare-title", textContent: "Two arms side by side" }),
    make("div", { className: "side-choice" }, ...SIDES.map(makeSelect)), status, panel);
  section.setAttribute("aria-labelledby", "compare-title");
  results.closest(".table-block").before(section);
  addRadios();
  show();
})();
