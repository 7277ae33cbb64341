// Draws every <figure class="ev-chart"> from the table inside it (see templates/components/chart.html).
// Canvas and richText tooltips: the SVG renderer and HTML tooltips write style attributes, which the policy refuses.
import { BarChart, LineChart } from "echarts/charts";
import { AriaComponent, GridComponent, MarkLineComponent, TooltipComponent } from "echarts/components";
import { init, registerLocale, use } from "echarts/core";
import langFR from "echarts/lib/i18n/langFR.js";
import { CanvasRenderer } from "echarts/renderers";

use([LineChart, BarChart, GridComponent, TooltipComponent, MarkLineComponent, AriaComponent, CanvasRenderer]);
registerLocale("FR", langFR);

const root = document.documentElement;
const isFrench = root.lang.startsWith("fr");
const MARKERS = ["circle", "rect", "triangle", "diamond"];

function colour(name) {
  const probe = document.createElement("i");
  probe.style.color = `var(${name})`;
  document.body.append(probe);
  const value = getComputedStyle(probe).color;
  probe.remove();
  return value;
}

// The cell's data-value when it has one (exact), else the number a person reads there.
function value(cell) {
  if (cell.dataset.value !== undefined) return cell.dataset.value === "" ? null : Number(cell.dataset.value);
  const text = cell.textContent.replace(/[\s\u202f\u00a0%]/g, "");
  const plain = isFrench ? text.replace(",", ".") : text.replaceAll(",", "");
  return plain === "" || plain === "–" ? null : Number(plain);
}

function shown(unit) {
  const gap = unit && isFrench ? "\u202f" : "";
  return (number) => (number === null || number === undefined ? "–" : number.toLocaleString(root.lang) + (unit ? gap + unit : ""));
}

function series(figure, table) {
  const kind = figure.dataset.kind || "line";
  const heads = [...table.tHead.rows[0].cells].slice(1);
  const rows = [...table.tBodies[0].rows];
  return heads.map((head, index) => {
    const isDashed = head.dataset.dash !== undefined;
    const ink = colour(`--ev-c${head.dataset.c || index + 1}`);
    return {
      name: head.textContent.trim(),
      type: kind,
      data: rows.map((row) => value(row.cells[index + 1])),
      color: ink,
      smooth: 0.2,
      symbol: MARKERS[index % MARKERS.length],
      symbolSize: 5,
      showSymbol: rows.length < 16 && !isDashed,
      connectNulls: true,
      stack: figure.dataset.stack !== undefined ? "all" : undefined,
      barMaxWidth: 22,
      lineStyle: { width: 2, type: isDashed ? "dashed" : "solid" },
      itemStyle: { borderRadius: kind === "bar" ? [2, 2, 0, 0] : 0 },
      areaStyle: kind === "line" && index === 0 && figure.dataset.area !== undefined ? { opacity: 0.1 } : undefined,
      markLine: index === 0 && figure.dataset.limit ? limit(figure) : undefined,
    };
  });
}

function limit(figure) {
  return {
    silent: true,
    symbol: "none",
    lineStyle: { color: colour("--ev-c5"), type: "dashed" },
    label: { formatter: figure.dataset.limitLabel || "", position: "insideStartTop", color: colour("--ev-bad"), fontSize: 12, distance: [4, 4] },
    data: [{ yAxis: Number(figure.dataset.limit) }],
  };
}

function option(figure) {
  const table = figure.querySelector("table");
  const ink = colour("--ev-ink-2");
  const line = colour("--ev-line");
  const show = shown(figure.dataset.unit || "");
  const isBar = figure.dataset.kind === "bar";
  return {
    animation: false,
    aria: { enabled: true },
    textStyle: { fontFamily: getComputedStyle(document.body).fontFamily, color: ink },
    grid: { left: 4, right: 12, top: 12, bottom: 4, outerBoundsMode: "same", outerBoundsContain: "axisLabel" },
    tooltip: {
      trigger: "axis", renderMode: "richText", backgroundColor: colour("--ev-surface"), borderColor: line,
      textStyle: { color: colour("--ev-ink"), fontSize: 12 }, valueFormatter: show,
    },
    xAxis: {
      type: "category", data: [...table.tBodies[0].rows].map((row) => row.cells[0].textContent.trim()), boundaryGap: isBar,
      axisTick: { show: false }, axisLine: { lineStyle: { color: line } }, axisLabel: { color: ink, fontSize: 12, hideOverlap: true },
    },
    yAxis: {
      type: "value", scale: figure.dataset.zoom !== undefined, splitNumber: 4, minInterval: figure.dataset.unit ? 0 : 1,
      axisLabel: { color: ink, fontSize: 12, formatter: show }, splitLine: { lineStyle: { color: line } },
    },
    series: series(figure, table),
  };
}

const charts = new Map();

function draw(figure) {
  const box = figure.querySelector(".ev-chart__box");
  if (!figure.querySelector("tbody tr")) return;
  charts.get(figure)?.dispose();
  const chart = init(box, null, { renderer: "canvas", locale: isFrench ? "FR" : "EN" });
  chart.setOption(option(figure));
  charts.set(figure, chart);
}

function drawAll() {
  for (const [figure, chart] of charts) {
    if (figure.isConnected) continue;
    chart.dispose();
    charts.delete(figure);
  }
  document.querySelectorAll(".ev-chart").forEach(draw);
  root.dataset.charts = "ready";
}

document.fonts.ready.then(drawAll);
document.addEventListener("htmx:afterSettle", drawAll);
document.addEventListener("envol:theme", drawAll);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => setTimeout(drawAll));
addEventListener("resize", () => { for (const chart of charts.values()) chart.resize(); });
