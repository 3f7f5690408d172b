// Charts: drawn from the numbers of the table beside them, in the colours of the page, at their size.
"use strict";

(function charts() {
  const drawings = new Map();
  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const font = () => getComputedStyle(document.body).fontFamily;

  function numbers(drawing) {
    const whole = new Intl.NumberFormat(drawing.locale, { maximumFractionDigits: drawing.unit === "%" ? 1 : 0 });
    const short = new Intl.NumberFormat(drawing.locale, { notation: "compact", maximumFractionDigits: 1 });
    const unit = drawing.unit ? "\u00a0" + drawing.unit : "";
    const said = (value) => (value === null || value === undefined ? "–" : whole.format(value).replace("-", "\u2212") + unit);
    return { said, short: (value) => short.format(value).replace("-", "\u2212") };
  }

  function option(drawing, width) {
    const { said, short } = numbers(drawing);
    const lies = drawing.kind === "bars";
    const strong = [colour("--accent"), colour("--quiet")];
    const text = { color: colour("--quiet"), fontFamily: font(), fontSize: 12 };
    const labels = {
      type: "category", data: drawing.labels, inverse: lies, axisTick: { show: false },
      axisLine: { lineStyle: { color: colour("--line-strong") } },
      axisLabel: { ...text, hideOverlap: true, width: lies ? Math.min(220, width * 0.4) : undefined, overflow: "truncate" },
    };
    const values = {
      type: "value", min: (range) => Math.min(0, range.min), minInterval: drawing.unit ? 0 : 1, axisLabel: { ...text, formatter: short, hideOverlap: true },
      splitLine: { lineStyle: { color: colour("--line") } },
    };
    return {
      animation: false, aria: { enabled: true }, textStyle: { fontFamily: font() },
      grid: { left: 4, right: drawing.kind === "lines" ? 96 : 16, top: 12, bottom: 4, containLabel: true },
      tooltip: {
        trigger: "axis", renderMode: "richText", confine: true, axisPointer: { type: drawing.kind === "lines" ? "line" : "shadow" },
        backgroundColor: colour("--ground"), borderColor: colour("--line-strong"), borderWidth: 1,
        textStyle: { color: colour("--text"), fontFamily: font(), fontSize: 13 },
        formatter: (points) => [points[0].axisValueLabel, ...points.map((one) => one.seriesName + "  " + said(one.value))].join("\n"),
      },
      xAxis: lies ? values : labels,
      yAxis: lies ? labels : values,
      series: drawing.series.map((one, place) => series(drawing, one, strong[place % strong.length], place)),
    };
  }

  function series(drawing, one, shade, place) {
    if (drawing.kind !== "lines") {
      const data = one.values.map((value) => ({ value, itemStyle: { color: value < 0 ? colour("--quiet") : shade } }));
      return { type: "bar", name: one.name, data, barMaxWidth: 22 };
    }
    return {
      type: "line", name: one.name, data: one.values, symbolSize: 5, showSymbol: one.values.length < 40,
      lineStyle: { color: shade, width: place ? 1.5 : 2, type: place ? "dashed" : "solid" }, itemStyle: { color: shade },
      endLabel: { show: true, formatter: one.name, color: shade, fontFamily: font(), fontSize: 12 }, labelLayout: { moveOverlap: "shiftY" },
    };
  }

  function draw(place) {
    const drawing = JSON.parse(place.dataset.chart);
    const chart = drawings.get(place) || window.echarts.init(place, null, { renderer: "canvas" });
    if (!drawings.has(place)) {
      chart.on("click", (event) => show(place, JSON.parse(place.dataset.chart).rows[event.dataIndex]));
      drawings.set(place, chart);
    }
    chart.setOption(option(drawing, place.clientWidth), true);
  }

  // A click on the chart leads to the row of the table that says the same.
  function show(place, index) {
    const row = place.closest(".finding")?.querySelectorAll("tbody tr")[index];
    if (!row) return;
    row.scrollIntoView({ block: "nearest" });
    row.classList.remove("flash");
    requestAnimationFrame(() => row.classList.add("flash"));
    row.querySelector("a")?.focus({ preventScroll: true });
  }

  const all = () => document.querySelectorAll("[data-chart]").forEach(draw);
  document.addEventListener("DOMContentLoaded", all);
  window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", all);
  window.addEventListener("resize", () => drawings.forEach((chart, place) => { chart.resize(); draw(place); }));
})();

// Bringing in past invoices: the file goes up, and the answer tells line by line how far it is.
(function bringing() {
  const form = document.querySelector("form[data-history]");
  if (!form) return;
  const bar = form.querySelector("progress");
  const said = form.querySelector("[data-said]");
  const words = JSON.parse(form.dataset.history);
  const escaped = (text) => { const part = document.createElement("li"); part.textContent = text; return part; };

  function mapping() {
    const columns = {};
    const value = {};
    for (const field of form.elements) {
      const text = field.value && field.value.trim();
      if (!text || !field.name) continue;
      if (field.name.startsWith("columns.")) columns[field.name.slice(8)] = text;
      else if (field.name === "not_goods") value.not_goods = text.split(",").map((code) => code.trim()).filter(Boolean);
      else if (field.name === "credit" || field.name === "adjustment") value.kinds = { ...value.kinds, [text]: field.dataset.kind };
      else if (field.name === "most_refused") value.most_refused = Number(text);
      else if (field.type !== "file") value[field.name] = text;
    }
    return { ...value, columns };
  }

  function refuse(problems) {
    const box = document.getElementById("refusals");
    const list = document.createElement("ul");
    for (const one of problems) list.append(escaped(one.message));
    const part = document.createElement("div");
    part.className = "refusals";
    part.append(list);
    box.replaceChildren(part);
    box.scrollIntoView({ block: "nearest" });
  }

  function take(line) {
    if (line.problems) { refuse(line.problems); return; }
    if (line.report) { window.location.assign("/insight/imports/" + line.report.id); return; }
    bar.value = line.share;
    said.textContent = (words[line.stage] || line.stage) + ", " + line.rows.toLocaleString(document.documentElement.lang);
  }

  async function send(dry) {
    const file = form.querySelector("input[type=file]").files[0];
    const query = new URLSearchParams({ name: file.name, mapping: JSON.stringify(mapping()), dry_run: String(dry) });
    const token = form.querySelector("input[name=csrf]").value;
    const headers = { "content-type": "application/octet-stream", "x-csrf-token": token };
    const answer = await fetch("/api/insight/imports?" + query, { method: "POST", body: file, headers });
    if (!answer.ok) { refuse((await answer.json()).problems || [{ message: answer.statusText }]); return; }
    const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
    let rest = "";
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      const lines = (rest + part.value).split("\n");
      rest = lines.pop();
      lines.filter(Boolean).forEach((line) => take(JSON.parse(line)));
    }
  }

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const buttons = form.querySelectorAll("button");
    document.getElementById("refusals").replaceChildren();
    buttons.forEach((button) => { button.disabled = true; });
    bar.hidden = false;
    bar.removeAttribute("value");
    said.textContent = words.sending;
    try { await send(event.submitter?.value === "try"); }
    catch { refuse([{ message: words.lost }]); }
    finally {
      buttons.forEach((button) => { button.disabled = false; });
      bar.hidden = true;
      said.textContent = "";
    }
  });
})();
