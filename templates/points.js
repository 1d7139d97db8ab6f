// Reading off a chart of arms: choose an arm, or point at one, and its numbers are said below the chart.
// Point number N of the chart is row N of the page's table of all arms.
(() => {
  "use strict";

  const COLUMNS = ["Test accuracy, mean", "sd", "Seeds", "Parameters", "Multiply-adds per image", "Training"];

  const table = document.getElementById("comparison");
  const figure = document.getElementById("figure-cost");
  const drawing = figure?.querySelector("svg");
  if (!table || !drawing || !drawing.querySelector(".point")) return;

  const headings = [...table.tHead.rows[0].cells].map((heading) => heading.textContent.trim());
  const settings = document.getElementById("settings");
  const arms = [...table.tBodies[0].rows].map((row, place) => ({
    row,
    points: [...drawing.querySelectorAll(`.point.arm-${place}`)],
    label: [settings?.tBodies[0].rows[place].cells[1], row.querySelector("th")].map((cell) => cell?.textContent.trim()).join(" "),
  })).filter((arm) => arm.points.length);

  // Counted from the end, because another script may put a column before the others at any time.
  function value(row, heading) {
    const cells = [...row.cells];
    return cells[cells.length - headings.length + headings.indexOf(heading)].textContent.trim();
  }

  function pick(arm) {
    drawing.classList.toggle("has-pick", Boolean(arm));
    arms.forEach((other) => other.points.forEach((point) => point.classList.toggle("is-picked", other === arm)));
    select.value = arm ? arms.indexOf(arm) : "";
    if (!arm) { status.textContent = "Choose an arm, or point at one, to see its values."; return; }
    const [accuracy, sd, seeds, ...costs] = COLUMNS.map((heading) => value(arm.row, heading));
    const names = COLUMNS.slice(3).map((heading, place) => `${heading.toLowerCase()} ${costs[place]}`);
    status.textContent = `${arm.label}: ${accuracy} (n = ${seeds}, sd ${sd}); ${names.join(", ")}.`;
  }

  function nearest(event) {
    const distance = (arm) => Math.min(...arm.points.map((point) => {
      const box = point.getBoundingClientRect();
      return Math.hypot(box.x + box.width / 2 - event.clientX, box.y + box.height / 2 - event.clientY);
    }));
    const [best] = arms.map((arm) => [distance(arm), arm]).sort((a, b) => a[0] - b[0]);
    return best[0] < 24 ? best[1] : null;
  }

  const select = document.createElement("select");
  select.append(new Option("none", ""), ...arms.map((arm, place) => new Option(arm.label, place)));
  select.addEventListener("change", () => pick(select.value === "" ? null : arms[select.value]));
  const label = document.createElement("label");
  label.className = "side";
  label.append("Values of arm ", select);
  const status = document.createElement("p");
  status.className = "status";
  status.setAttribute("aria-live", "polite");
  figure.querySelector(".scroll").after(label, status);
  drawing.addEventListener("pointermove", (event) => {
    const arm = nearest(event);
    if (arm && select.value !== String(arms.indexOf(arm))) pick(arm);
  });
  pick(null);
})();
