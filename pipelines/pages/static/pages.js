"use strict";
// Everything here is a comfort; without scripts the pages say the same.
(function () {
  const format = new Intl.NumberFormat();

  // What a variable comes to: a canvas knows neither variables nor light-dark().
  function color(name) {
    const probe = document.body.appendChild(document.createElement("span"));
    probe.style.color = `var(${name})`;
    const found = getComputedStyle(probe).color;
    probe.remove();
    return found;
  }

  const seconds = (row) => Date.parse(row.querySelector("time").dateTime) / 1000;
  const value = (cell) => (cell.querySelector("data") ? Number(cell.querySelector("data").value) : null);

  // Draws the columns of the table of days once more, with the values under the pointer; the drawing stays for print.
  function chart(box) {
    const days = [...document.querySelectorAll("#days tbody tr")].reverse();
    if (days.length < 2 || !window.uPlot || box.querySelector(".uplot")) return;
    const marks = [...document.querySelectorAll("#releases tbody tr")].map(seconds);
    const columns = { event_count: ["events", "--events", []], unresolved_issues: ["open", "--open", []], late_issues: ["late", "--late", [6, 4]] };
    const shown = box.dataset.chart.split(" ").map((name) => [document.querySelector(`#days th[data-column=${name}]`).cellIndex, ...columns[name]]);
    const axis = { stroke: color("--quiet"), grid: { stroke: color("--line"), width: 1 }, ticks: { show: false } };
    const day = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short", timeZone: "UTC" });
    const mark = color("--mark");
    new uPlot({
      width: box.clientWidth, height: 200, tzDate: (at) => uPlot.tzDate(new Date(at * 1000), "UTC"),
      cursor: { sync: { key: "days" } },
      scales: { y: { range: (_, low, high) => [0, Math.max(high, 1)] } },
      series: [{ label: "day", value: "{YYYY}-{MM}-{DD}" }, ...shown.map(([, label, name, dash]) => ({ label, dash, stroke: color(name), width: 2, points: { show: false } }))],
      axes: [{ ...axis, values: (_, times) => times.map((at) => day.format(at * 1000)) }, axis],
      hooks: { draw: [(plot) => {
        for (const at of marks) {
          plot.ctx.fillStyle = mark;
          plot.ctx.fillRect(plot.valToPos(at, "x", true), plot.bbox.top, devicePixelRatio, plot.bbox.height);
        }
      }] },
    }, [days.map(seconds), ...shown.map(([at]) => days.map((row) => value(row.cells[at])))], box);
    box.classList.add("drawn");
  }

  function enhance(root) {
    for (const item of root.querySelectorAll("data[value]")) item.textContent = format.format(Number(item.value));
    root.querySelectorAll("[data-chart]").forEach(chart);
  }

  function redraw() {
    for (const box of document.querySelectorAll("[data-chart].drawn")) {
      box.querySelector(".uplot").remove();
      chart(box);
    }
  }

  document.addEventListener("DOMContentLoaded", () => enhance(document));
  document.addEventListener("htmx:after:swap", () => enhance(document));
  addEventListener("resize", redraw);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
  // What takes long says so, and is not asked for twice.
  document.addEventListener("submit", (event) => {
    const busy = document.querySelector("[data-busy]");
    if (!busy || event.target.method !== "post") return;
    const step = event.submitter?.name === "step" ? event.submitter.value : event.target.elements.step?.value;
    if (step === "check") busy.textContent = busy.dataset.busy;
    // After the browser has read which button it was.
    setTimeout(() => document.querySelectorAll("main button").forEach((button) => { button.disabled = true; }));
  });
  window.addEventListener("pageshow", () => {
    document.querySelectorAll("main button").forEach((button) => { button.disabled = false; });
    document.querySelectorAll("[data-busy]").forEach((busy) => { busy.textContent = ""; });
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "/" && !event.ctrlKey && !event.metaKey && !event.altKey && !event.target.matches("input, select, textarea")) {
      event.preventDefault();
      document.getElementById("q").focus();
    }
  });
})();
