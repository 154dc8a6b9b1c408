// Draws every element with data-chart: JSON whose first row is time in seconds, the others values.
"use strict";

const chartNumber = new Intl.NumberFormat(document.documentElement.lang, { notation: "compact" });
const chartTime = new Intl.DateTimeFormat(document.documentElement.lang, {
  month: "short", day: "numeric", hour: "2-digit", minute: "2-digit",
});

// An axis names the day where it begins, and the hour in between.
const axisDay = new Intl.DateTimeFormat(document.documentElement.lang, { month: "short", day: "numeric" });
const axisHour = new Intl.DateTimeFormat(document.documentElement.lang, {
  hour: "2-digit", minute: "2-digit", hourCycle: "h23",
});

function axisTime(secs) {
  const time = new Date(secs * 1000);
  return (time.getHours() + time.getMinutes() === 0 ? axisDay : axisHour).format(time);
}

// What a value is shown as: a count, milliseconds as seconds, sun as TRX.
const chartValue = {
  count: (value) => chartNumber.format(value),
  ms: (value) => `${(value / 1000).toFixed(1)} s`,
  sun: (value) => `${chartNumber.format(value / 1e6)} TRX`,
};

// What is pointed at is shown to the last digit.
const exactNumber = new Intl.NumberFormat(document.documentElement.lang, { maximumFractionDigits: 6 });
const exactValue = {
  count: (value) => exactNumber.format(value),
  ms: chartValue.ms,
  sun: (value) => `${exactNumber.format(value / 1e6)} TRX (${exactNumber.format(value)} sun)`,
};

// The colour of a name in the theme that holds: a canvas cannot choose between light and dark itself, and a
// name alone is given back as it was written.
function chartColour(element, name) {
  element.style.color = `var(${name})`;
  const colour = getComputedStyle(element).color;
  element.style.removeProperty("color");
  return colour;
}

function bars(element) {
  const fill = chartColour(element, "--series-1-area");
  return { paths: uPlot.paths.bars({ size: [0.7, 40] }), fill };
}

function drawChart(element) {
  const data = JSON.parse(element.dataset.chart);
  const names = element.dataset.names.split("|");
  const show = (value) => (value == null ? "–" : chartValue[element.dataset.kind](value));
  const exact = (value) => (value == null ? "–" : exactValue[element.dataset.kind](value));
  const axis = {
    stroke: chartColour(element, "--quiet"),
    grid: { stroke: chartColour(element, "--line"), width: 1 },
    ticks: { stroke: chartColour(element, "--line"), width: 1 },
  };
  const times = data[0];
  const step = times[1] - times[0];
  const isBars = element.dataset.shape === "bars" && times.length > 1;
  const series = names.map((label, index) => ({
    label,
    // What is counted by the hour is a bar; a second count is a line over it.
    ...(isBars && index === 0 ? bars(element) : {}),
    stroke: chartColour(element, `--series-${index + 1}`),
    width: 2,
    // The second line is told apart without its colour, too.
    dash: index === 1 ? [6, 4] : undefined,
    points: { show: times.length < 60 && !(isBars && index === 0), size: 5 },
    spanGaps: true,
    value: (_, value) => exact(value),
  }));
  const options = {
    width: element.clientWidth,
    height: 200,
    series: [{ label: element.dataset.time, value: (_, time) => (time == null ? "–" : chartTime.format(time * 1000)) }, ...series],
    axes: [
      { ...axis, values: (_, ticks) => ticks.map(axisTime), space: 56 },
      { ...axis, values: (_, values) => values.map(show), size: 76 },
    ],
    padding: [null, 28, null, null],
    scales: { x: { range: (_, first, last) => (isBars ? [first - step / 2, last + step / 2] : [first, last]) }, y: { range: (_, low, high) => [0, high > 0 ? high * 1.05 : 1] } },
    cursor: { y: false },
  };
  element.chart?.destroy();
  element.chart = new uPlot(options, data, element);
  element.drawn = element.dataset.chart;
}

function drawCharts() {
  for (const element of document.querySelectorAll("[data-chart]")) {
    if (globalThis.uPlot === undefined) element.dataset.failed = element.dataset.failure;
    else if (element.drawn === undefined) drawChart(element);
    else if (element.drawn !== element.dataset.chart) {
      element.chart.setData(JSON.parse(element.dataset.chart));
      element.drawn = element.dataset.chart;
    }
  }
}

// Colours are read from the style, which has to be there.
if (document.readyState === "complete") drawCharts();
else window.addEventListener("load", drawCharts);
new MutationObserver(drawCharts).observe(document.getElementById("content"), {
  attributes: true, attributeFilter: ["data-chart"], childList: true, subtree: true,
});
new ResizeObserver(() => {
  for (const element of document.querySelectorAll("[data-chart]")) {
    element.chart?.setSize({ width: element.clientWidth, height: 200 });
  }
}).observe(document.getElementById("content"));
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
  document.querySelectorAll("[data-chart]").forEach(drawChart);
});
