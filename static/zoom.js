// Zoom and reading of values for the trends: loaded by trends.js, after uPlot, when a reader asks for it.
"use strict";
(() => {
  const tools = document.querySelector(".tr-tools"), source = document.getElementById("trend-data");
  const data = JSON.parse(source.textContent), button = tools.querySelector("[data-zoom]");
  const ranges = tools.querySelector(".tr-ranges"), said = tools.querySelector("[role=status]");
  for (const picture of Object.values(data.pictures)) picture.points = picture.points.map(([latest, value, sign = "", start = latest]) => [latest, start, value, sign]);
  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
  const clock = new Intl.DateTimeFormat("sv-SE", { timeZone: data.zone, dateStyle: "short", timeStyle: "medium" });
  const day = (moment) => clock.format(moment * 1000).replace(/ 23:59:59$/, "").replace(/(:\d\d):\d\d$/, "$1"); // a day alone ends with its last second
  const DAY = 86400, ROW = 12, AXIS = 26, charts = [];
  const all = Object.values(data.pictures).flatMap((p) => p.points.map((point) => point[1]));
  const starts = [data.from, ...all, ...data.treatments.flatMap(([, bars]) => bars.map(([start]) => start))];
  const whole = [Math.min(...starts) - DAY / 2, data.to + DAY / 2], shown = [data.from - DAY / 2, data.to + DAY / 2];
  let following = false;

  const pen = (u, name, width = 1, dash = []) => {
    u.ctx.strokeStyle = u.ctx.fillStyle = colour(name);
    u.ctx.lineWidth = width * devicePixelRatio;
    u.ctx.setLineDash(dash.map((each) => each * devicePixelRatio));
    u.ctx.font = `${11 * devicePixelRatio}px system-ui, sans-serif`;
    [u.ctx.textAlign, u.ctx.textBaseline] = ["left", "alphabetic"];
  };
  const apart = (paint) => (u) => {
    u.ctx.save();
    paint(u);
    u.ctx.restore();
  };
  const lines = (u, ...spots) => {
    u.ctx.beginPath();
    spots.forEach(([x, y], n) => (n ? u.ctx.lineTo(x, y) : u.ctx.moveTo(x, y)));
    u.ctx.stroke();
  };
  const disc = (u, x, y, radius, filled) => {
    u.ctx.beginPath();
    u.ctx.arc(x, y, radius * devicePixelRatio, 0, 7);
    if (filled) u.ctx.fill();
    u.ctx.stroke();
  };

  const behind = (u, picture) => {
    const { left, top, width, height } = u.bbox;
    const inside = (x) => Math.min(Math.max(x, left), left + width), reach = ROW * devicePixelRatio;
    for (const [value, label, spans = [[u.scales.x.min, u.scales.x.max]]] of picture.limits) {
      const y = u.valToPos(value, "y", true), held = spans.filter(([start, end]) => end >= u.scales.x.min && start <= u.scales.x.max);
      if (y < top || y > top + height || !held.length) continue;
      pen(u, "critical", 1.25, [5, 3]);
      const drawn = held.map((span) => span.map((at, n) => inside(u.valToPos(at, "x", true) + (n ? reach : -reach))));
      drawn.forEach(([start, end]) => lines(u, [start, y], [end, y]));
      u.ctx.fillText(label, drawn[0][0] + 4 * devicePixelRatio, y - 4 * devicePixelRatio);
    }
    picture.medians.forEach(([group, value, low, high], n) => {
      const x = left + width + (12 + 20 * n) * devicePixelRatio, at = (v) => Math.min(Math.max(u.valToPos(v, "y", true), top), top + height);
      pen(u, "series-3", 2);
      lines(u, [x, at(low)], [x, at(high)]);
      if (group === "survived") u.ctx.fillStyle = colour("sheet");
      disc(u, x, at(value), 4, true);
      u.ctx.fillStyle = colour("soft");
      u.ctx.fillText(group[0].toUpperCase(), x - 4 * devicePixelRatio, top - 4 * devicePixelRatio);
    });
  };
  const treatment = (u) => {
    const { left, top, width, height } = u.bbox, clip = (x) => Math.min(Math.max(x, left), left + width);
    data.treatments.forEach(([name, bars], n) => {
      const y = top + height + (AXIS + n * ROW) * devicePixelRatio;
      pen(u, "soft");
      u.ctx.textAlign = "right";
      u.ctx.fillText(name, left - 4 * devicePixelRatio, y + 8 * devicePixelRatio);
      pen(u, "series-4");
      for (const [start, end] of bars) {
        const x = clip(u.valToPos(start, "x", true)), reach = Math.max(clip(u.valToPos(end, "x", true)) - x, 3 * devicePixelRatio);
        if (end > u.scales.x.min && start < u.scales.x.max) u.ctx.fillRect(x, y, reach, 7 * devicePixelRatio);
      }
    });
    if (data.t0 === null || data.t0 < u.scales.x.min || data.t0 > u.scales.x.max) return;
    const x = u.valToPos(data.t0, "x", true);
    pen(u, "series-4", 1.25, [1, 3]);
    lines(u, [x, top], [x, top + height + (AXIS + data.treatments.length * ROW) * devicePixelRatio]);
    u.ctx.fillText("T0", x - 6 * devicePixelRatio, top - 4 * devicePixelRatio);
  };
  const sign = (u, [latest, start, value, comparator]) => {
    const x = u.valToPos(latest, "x", true), y = u.valToPos(value, "y", true), one = devicePixelRatio;
    pen(u, "series-1", 1.75);
    if (comparator === "x") {
      pen(u, "unknown", 2.25);
      lines(u, [x - 4 * one, y - 4 * one], [x + 4 * one, y + 4 * one]);
      lines(u, [x + 4 * one, y - 4 * one], [x - 4 * one, y + 4 * one]);
    } else if (comparator && comparator !== "~") {
      const up = comparator[0] === ">" ? 1 : -1;
      lines(u, [x, y - 5 * up * one], [x + 4.5 * one, y + 3 * up * one], [x - 4.5 * one, y + 3 * up * one], [x, y - 5 * up * one]);
    } else if (start < latest) {
      const begin = u.valToPos(start, "x", true);
      lines(u, [begin, y - 4 * one], [begin, y + 4 * one], [begin, y], [x, y], [x, y - 4 * one], [x, y + 4 * one]);
    } else {
      if (comparator) u.ctx.fillStyle = colour("sheet");
      disc(u, x, y, 3.2, true);
    }
  };
  const marks = (u, picture) => {
    const inside = (x) => x >= u.scales.x.min && x <= u.scales.x.max, spot = ([x, , y]) => [u.valToPos(x, "x", true), u.valToPos(y, "y", true)];
    u.ctx.beginPath();
    u.ctx.rect(u.bbox.left, u.bbox.top - 9, u.bbox.width, u.bbox.height + 18);
    u.ctx.clip();
    if (picture.pair) {
      const pair = picture.pair.map((n) => spot(picture.points[n]));
      pen(u, "ink", 1, [2, 3]);
      lines(u, ...pair);
      pen(u, "ink", 1.5);
      pair.forEach(([x, y]) => disc(u, x, y, 7, false));
    }
    picture.points.filter(([latest, start]) => inside(latest) || inside(start)).forEach((point) => sign(u, point));
    pen(u, "unknown");
    u.ctx.font = `bold ${14 * devicePixelRatio}px system-ui, sans-serif`;
    picture.unplaced.filter(inside).forEach((at) => u.ctx.fillText("?", u.valToPos(at, "x", true) - 4 * devicePixelRatio, u.bbox.top + u.bbox.height - 4 * devicePixelRatio));
  };

  const follow = (from) => {
    if (following) return;
    following = true;
    charts.filter((u) => u !== from).forEach((u) => u.setScale("x", { min: from.scales.x.min, max: from.scales.x.max }));
    following = false;
  };
  const draw = (figure, picture) => {
    const still = figure.querySelector("svg.tr"), place = document.createElement("div");
    place.className = "tr-zoomed";
    place.setAttribute("role", "img");
    place.setAttribute("aria-label", `${still.querySelector("title").textContent}. ${still.querySelector("desc").textContent}`);
    still.after(place);
    const words = picture.points.map(([latest, start, value, comparator]) => `${comparator.replace(/[~x]/, "")}${value} ${picture.unit}, ${start < latest ? `${day(start)} – ` : ""}${day(latest)}`);
    const values = picture.points.map((point) => point[2]), axis = (more) => ({ stroke: () => colour("soft"), grid: { stroke: () => colour("line"), width: 0.75 }, ticks: { show: false }, font: "11px system-ui, sans-serif", ...more });
    const height = 168 + data.treatments.length * ROW, width = () => Math.max(place.clientWidth, 200);
    const chart = new window.uPlot({
      width: width(), height, padding: [14, picture.medians.length ? 44 : 12, 0, 0], ms: 1e-3,
      tzDate: (moment) => window.uPlot.tzDate(new Date(moment * 1000), data.zone),
      cursor: { sync: { key: "trends" }, y: false, points: { size: 9, fill: () => colour("series-1") }, drag: { x: true, y: false }, bind: { dblclick: (u) => () => u.setScale("x", { min: whole[0], max: whole[1] }) } },
      select: { show: true },
      scales: { x: { time: true, range: (u, low, high) => [low, high] }, y: { distr: picture.log ? 3 : 1, range: () => picture.span } },
      axes: [axis({ size: AXIS + data.treatments.length * ROW, space: 55, values: [[DAY, "{MM}-{DD}", null, null, null, null, null, null, 1], [3600, "{HH}:{mm}", "\n{MM}-{DD}", null, null, null, null, null, 1], [60, "{HH}:{mm}", "\n{MM}-{DD}", null, null, null, null, null, 1]] }), axis({ size: 46, space: 26, gap: 4, splits: () => picture.ticks, filter: (u, ticks) => ticks, values: (u, ticks) => ticks.map(String) })],
      series: [{}, { label: "", stroke: () => colour("series-1"), width: 1.75, spanGaps: true, points: { show: false } }, { label: "", paths: () => null, points: { show: false }, value: (u, v, s, n) => (n == null ? "–" : words[n]) }],
      hooks: { drawAxes: [apart((u) => behind(u, picture)), apart(treatment)], draw: [apart((u) => marks(u, picture))], setScale: [(u, key) => key === "x" && follow(u)] },
    }, [picture.points.map((point) => point[0]), values.map((v, n) => (picture.points[n][1] === picture.points[n][0] && !/[<>x]/.test(picture.points[n][3]) ? v : null)), values], place);
    chart.setScale("x", { min: shown[0], max: shown[1] });
    new ResizeObserver(() => place.clientWidth && chart.setSize({ width: width(), height })).observe(figure);
    charts.push(chart);
  };

  const show = (zoomed) => {
    document.querySelectorAll(".tr-panel").forEach((figure) => {
      const place = figure.querySelector(".tr-zoomed");
      if (!place) return;
      place.hidden = !zoomed;
      figure.querySelector("svg.tr").toggleAttribute("hidden", zoomed);
    });
    ranges.hidden = !zoomed;
    said.textContent = zoomed ? said.dataset.help : "";
    [button.textContent, button.dataset.other] = [button.dataset.other, button.textContent];
    button.setAttribute("aria-pressed", String(zoomed));
  };
  following = true;
  document.querySelectorAll(".tr-panel").forEach((figure) => {
    const picture = data.pictures[figure.id.slice("trend-".length)];
    if (picture) draw(figure, picture);
  });
  following = false;
  button.addEventListener("click", () => show(button.getAttribute("aria-pressed") !== "true"));
  ranges.addEventListener("click", (event) => {
    const days = event.target.dataset.days;
    if (days === undefined || !charts.length) return;
    const [min, max] = days === "0" ? whole : [data.to - days * DAY, whole[1]];
    charts.forEach((u) => u.setScale("x", { min, max }));
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => charts.forEach((u) => u.redraw()));
  show(true);
})();
