"use strict";
// Everything here is a comfort; without scripts the pages say the same.
(function () {
  function localize(root) {
    const format = new Intl.NumberFormat();
    for (const item of root.querySelectorAll("data[value]")) {
      item.textContent = format.format(Number(item.getAttribute("value")));
    }
  }

  // What a variable comes to: a canvas knows neither variables nor light-dark().
  function color(name) {
    const probe = document.body.appendChild(document.createElement("span"));
    probe.style.color = `var(${name})`;
    const found = getComputedStyle(probe).color;
    probe.remove();
    return found;
  }

  function chart(box) {
    const rows = document.querySelectorAll("#" + box.dataset.chart + " tr");
    if (box.firstChild || rows.length < 2 || !window.uPlot) return;
    const data = [[], [], [], []];
    for (const row of rows) {
      const cells = [...row.cells].map((cell) => cell.textContent);
      data[0].push(Date.parse(cells[0] + "T00:00:00Z") / 1000);
      for (let at = 1; at < 4; at++) data[at].push(cells[at] === "" ? null : Number(cells[at]));
    }
    const axis = { stroke: color("--quiet"), grid: { stroke: color("--line") } };
    new uPlot({
      width: box.clientWidth, height: 260, tzDate: (at) => uPlot.tzDate(new Date(at * 1000), "UTC"),
      scales: { issues: { range: (_, low, high) => [0, Math.max(high, 1)] }, y: { range: (_, low, high) => [0, Math.max(high, 1)] } },
      series: [{}, { label: "events", stroke: color("--events"), fill: color("--events-fill") },
        { label: "open", scale: "issues", stroke: color("--open"), width: 2 },
        { label: "late", scale: "issues", stroke: color("--late"), width: 2, dash: [6, 4] }],
      axes: [axis, { ...axis, label: "events" }, { ...axis, scale: "issues", side: 1, label: "issues", grid: { show: false } }],
    }, data, box);
  }

  function enhance(root) {
    localize(root);
    root.querySelectorAll("[data-chart]").forEach(chart);
  }

  document.addEventListener("DOMContentLoaded", () => enhance(document));
  document.addEventListener("htmx:after:swap", () => enhance(document));
  // What takes long says so, and is not asked for twice.
  document.addEventListener("submit", (event) => {
    const busy = document.querySelector("[data-busy]");
    if (!busy || event.target.method !== "post") return;
    const step = event.submitter?.value || event.target.elements.step?.value;
    if (step === "check") busy.textContent = busy.dataset.busy;
    // After the browser has read which button it was.
    setTimeout(() => document.querySelectorAll("main button").forEach((button) => { button.disabled = true; }));
  });
  window.addEventListener("pageshow", () => {
    document.querySelectorAll("main button").forEach((button) => { button.disabled = false; });
    document.querySelectorAll("[data-busy]").forEach((busy) => { busy.textContent = ""; });
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "/" && !event.target.matches("input, select, textarea")) {
      event.preventDefault();
      document.getElementById("q").focus();
    }
  });
})();
