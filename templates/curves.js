// Reading off curves epoch by epoch, and showing or hiding single seeds. The numbers come from the table
// "Values behind this figure"; the drawing's lines are found by their classes (`curve arm-0 seed-1`).
(() => {
  "use strict";

  const SVG = "http://www.w3.org/2000/svg";
  const NOTHING = "\u2013";
  const STEPS = { ArrowLeft: -1, ArrowRight: 1 };

  function make(tag, properties = {}, ...children) {
    const element = Object.assign(document.createElement(tag), properties);
    element.append(...children);
    return element;
  }

  // One line of the drawing: a seed of an arm, or the arm's mean.
  function readLine(drawing, row) {
    const seed = row.cells[1].dataset.seed;
    const name = seed === "mean" ? "mean" : `seed-${seed}`;
    return {
      seed,
      parts: [...drawing.querySelectorAll(`.curve.arm-${row.dataset.arm}.${name}`)],
      values: [...row.cells].slice(2).map((cell) => cell.textContent.trim()),
      shown: true,
    };
  }

  function readArms(drawing, table) {
    const arms = new Map();
    for (const row of table.tBodies[0].rows) {
      const key = row.dataset.arm;
      if (!arms.has(key)) arms.set(key, { label: row.cells[0].textContent.trim(), lines: [] });
      arms.get(key).lines.push(readLine(drawing, row));
    }
    return [...arms.values()];
  }

  // The corners of a path, in the drawing's units.
  function corners(path) {
    const numbers = path.getAttribute("d").match(/-?\d+(\.\d+)?/g).map(Number);
    return numbers.flatMap((x, place) => place % 2 ? [] : [[x, numbers[place + 1]]]);
  }

  // Column -> where its epoch lies on the drawing: a line has one corner for each of its values.
  function placesOf(arms) {
    const places = [];
    for (const line of arms.flatMap((arm) => arm.lines)) {
      const path = line.parts.map((part) => part.querySelector("path[d]")).find((one) => one && !one.closest("defs"));
      const columns = line.values.flatMap((value, column) => value === NOTHING ? [] : [column]);
      if (path) corners(path).forEach(([x], corner) => { places[columns[corner]] ??= x; });
    }
    return places;
  }

  // A line across the drawing at the epoch that is read off, as high as its grid.
  function makeCursor(drawing) {
    const heights = [...drawing.querySelectorAll("path.s-grid")].map(corners).filter(([a, b]) => a && b && a[0] === b[0]);
    const cursor = document.createElementNS(SVG, "line");
    const [top, bottom] = heights.length ? heights[0].map(([, y]) => y) : [0, drawing.viewBox.baseVal.height];
    Object.entries({ y1: top, y2: bottom, class: "cursor s-ink" }).forEach(([name, value]) => cursor.setAttribute(name, value));
    drawing.append(cursor);
    return cursor;
  }

  function swatch(line) {
    const tone = [...(line.parts[0]?.querySelector("[class*='s-']")?.classList ?? [])].find((name) => name.startsWith("s-"));
    const drawing = document.createElementNS(SVG, "svg");
    const dot = document.createElementNS(SVG, "circle");
    Object.entries({ width: 12, height: 12, class: "swatch", "aria-hidden": true }).forEach(([name, value]) => drawing.setAttribute(name, value));
    Object.entries({ cx: 6, cy: 6, r: 5, class: `f-${tone?.slice(2) ?? "muted"}` }).forEach(([name, value]) => dot.setAttribute(name, value));
    drawing.append(dot);
    return drawing;
  }

  function makeSwitch(label, change) {
    const box = make("input", { type: "checkbox", checked: true });
    box.setAttribute("aria-label", label);
    box.addEventListener("change", () => change(box.checked));
    return box;
  }

  function setShown(line, shown) {
    line.shown = shown;
    line.box.checked = shown;
    line.parts.forEach((part) => part.classList.toggle("is-hidden", !shown));
  }

  // A row for each arm, a column for each seed: its value at the epoch, and a box that shows or hides it.
  function makeTable(arms, title, changed) {
    const seeds = [...new Set(arms.flatMap((arm) => arm.lines.map((line) => line.seed)))];
    seeds.sort((a, b) => (b === "mean") - (a === "mean") || Number(a) - Number(b));
    const heads = seeds.map((seed) => make("th", { scope: "col", className: "number", textContent: seed === "mean" ? "Mean" : `Seed ${seed}` }));
    const body = make("tbody", {}, ...arms.map((arm) => makeRow(arm, seeds, changed)));
    const head = make("thead", {}, make("tr", {}, make("th", { scope: "col", textContent: "Arm" }), ...heads));
    const region = make("div", { className: "scroll", tabIndex: 0 },
      make("table", { className: "seed-switches" }, make("caption", { textContent: `${title}: values at this epoch, and which lines to show` }), head, body));
    region.setAttribute("role", "region");
    region.setAttribute("aria-label", "Values at this epoch, and which lines to show");
    return region;
  }

  function makeRow(arm, seeds, changed) {
    const cells = seeds.map((seed) => {
      const line = arm.lines.find((one) => one.seed === seed);
      return line ? makeCell(arm, line, changed) : make("td");
    });
    arm.box = makeSwitch(`${arm.label}, all seeds`, (on) => { arm.lines.forEach((line) => setShown(line, on)); changed(); });
    return make("tr", {}, make("th", { scope: "row" }, make("label", { className: "row-head" }, arm.box, swatch(arm.lines[0]), arm.label)), ...cells);
  }

  function makeCell(arm, line, changed) {
    const name = line.seed === "mean" ? "mean" : `seed ${line.seed}`;
    line.box = makeSwitch(`${arm.label}, ${name}`, (on) => { setShown(line, on); changed(); });
    line.output = make("span");
    return make("td", { className: "number" }, make("label", {}, line.box, line.output));
  }

  function enhance(figure) {
    const drawing = figure.querySelector(".scroll > svg");
    const table = figure.querySelector("table.curve-values");
    if (!drawing?.querySelector(".curve")) return;
    const arms = readArms(drawing, table);
    const places = placesOf(arms);
    const epochs = [...table.tHead.rows[0].cells].slice(2).map((heading) => heading.textContent.trim());
    if (!epochs.length || !places.length) return;

    const cursor = makeCursor(drawing);
    const slider = make("input", { type: "range", min: 0, max: epochs.length - 1, step: 1 });
    slider.value = epochs.length - 1;
    const status = make("p", { className: "status" });
    status.setAttribute("aria-live", "polite");

    function update() {
      const column = Number(slider.value);
      slider.setAttribute("aria-valuetext", `epoch ${epochs[column]}`);
      ["x1", "x2"].forEach((name) => cursor.setAttribute(name, places[column] ?? 0));
      for (const arm of arms) {
        arm.lines.forEach((line) => { line.output.textContent = line.values[column]; });
        const shown = arm.lines.filter((line) => line.shown).length;
        arm.box.checked = shown > 0;
        arm.box.indeterminate = shown > 0 && shown < arm.lines.length;
      }
      status.textContent = `Epoch ${epochs[column]}: ${said(column) || "no line is shown"}.`;
    }

    // The mean of an arm where it is shown, else its seeds one by one.
    function said(column) {
      return arms.map((arm) => {
        const known = arm.lines.filter((line) => line.shown && line.values[column] !== NOTHING);
        const mean = known.find((line) => line.seed === "mean");
        const seeds = known.filter((line) => line !== mean);
        if (mean) return `${arm.label} ${mean.values[column]}`;
        return seeds.length ? `${arm.label} ${seeds.map((line) => `${line.values[column]} (seed ${line.seed})`).join(", ")}` : "";
      }).filter(Boolean).join("; ");
    }

    function go(column) {
      const wanted = String(Math.min(Math.max(column, 0), epochs.length - 1));
      if (slider.value === wanted) return;
      slider.value = wanted;
      update();
    }

    slider.addEventListener("input", update);
    drawing.addEventListener("pointermove", (event) => {
      const at = new DOMPoint(event.clientX, event.clientY).matrixTransform(drawing.getScreenCTM().inverse());
      const distances = places.map((x) => Math.abs(x - at.x));
      go(distances.indexOf(Math.min(...distances)));
    });
    const region = drawing.parentElement;
    region.addEventListener("keydown", (event) => {
      if (!(event.key in STEPS) || region.scrollWidth > region.clientWidth) return;
      event.preventDefault();
      go(Number(slider.value) + STEPS[event.key]);
    });
    const title = figure.querySelector("figcaption strong").textContent.replace(/\.$/, "");
    const lines = make("details", { className: "values" }, make("summary", { textContent: "Every seed at this epoch; show or hide seeds" }), makeTable(arms, title, update));
    region.after(make("div", { className: "read-off" }, make("label", { className: "side" }, "Epoch ", slider), status, lines));
    update();
  }

  document.querySelectorAll("figure.picture:has(table.curve-values)").forEach(enhance);
})();
