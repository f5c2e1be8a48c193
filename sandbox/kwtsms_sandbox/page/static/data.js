/** Renders tables and charts. A chart is a simple drawing with a table of its figures. */

import { h, shape } from "./dom.js";
import { plainText } from "./mrkdwn.js";
import { richText } from "./richtext.js";
import { t } from "./texts.js";

const WIDTH = 480;
const HEIGHT = 140;
const LABELS = 8; // At most, below a chart.

/** Renders a table block. */
export function table(block) {
  const [head, ...rows] = block.rows;
  return scrolling(h("table", {}, row("th", head), rows.map((cells) => row("td", cells))));
}

/** Renders a data_table block. */
export function dataTable(block) {
  const [head, ...rows] = block.rows;
  const first = block.row_header_column_index ?? -1;
  const body = rows.map((cells) => row("td", cells, first));
  return scrolling(h("table", {}, h("caption", {}, block.caption), row("th", head), body));
}

/** Renders a data_visualization block. */
export function chart(block) {
  const { type } = block.chart;
  const series = type === "pie" ? [{ name: block.title, data: block.chart.segments }] : block.chart.series;
  const drawing = type === "pie" ? shares(block.chart.segments) : [axes(type, series), categories(series)];
  const figures = h("details", {}, h("summary", {}, t("Figures")), figuresOf(series));
  return h("figure.chart", {}, h("figcaption", { dir: "auto" }, block.title), drawing, legend(type, series), figures);
}

function scrolling(node) {
  return h("div.table", { tabindex: 0, role: "region", "aria-label": t("Table") }, node);
}

function row(tag, cells, header = -1) {
  return h("tr", {}, cells.map((cell, index) => cellNode(index === header ? "th" : tag, cell)));
}

function cellNode(tag, cell) {
  const kind = cell.type === "raw_number" ? ".number" : "";
  const shown = cell.type === "rich_text" ? richText(cell) : plainText(String(cell.text ?? cell.value));
  return h(tag + kind, { dir: "auto" }, shown);
}

function figuresOf(series) {
  const labels = series[0].data.map((point) => point.label);
  const head = h("tr", {}, h("th"), series.map((one) => h("th", {}, one.name)));
  const body = labels.map((label, index) =>
    h("tr", {}, h("th", {}, label), series.map((one) => figure(one.data[index]))),
  );
  return scrolling(h("table", {}, head, body));
}

function figure(point) {
  return h("td.number", {}, String(point?.value ?? ""));
}

function legend(type, series) {
  if (type === "pie" || series.length < 2) return null;
  return h("p.legend", {}, series.map((one, index) => h(`span.series-${index % 6}`, {}, one.name)));
}

function categories(series) {
  const points = series[0].data;
  const step = Math.ceil(points.length / LABELS); // With many points, only every second, third… has a label.
  const named = points.map((point, index) => h("span", { dir: "auto" }, index % step ? "" : point.label));
  return h(step > 1 ? "p.axis.sparse" : "p.axis", { "aria-hidden": "true" }, named);
}

/** Renders the shares of a pie chart as bars. */
function shares(segments) {
  const whole = segments.reduce((sum, one) => sum + one.value, 0) || 1;
  return h("dl.shares", {}, segments.map((one) => {
    const share = Math.round((one.value / whole) * 100);
    return h("div", {}, h("dt", {}, one.label), h("dd", {}, h("meter", { min: 0, max: 100, value: share }), `${share}%`));
  }));
}

/** Renders a bar, line or area chart. */
function axes(type, series) {
  const values = series.flatMap((one) => one.data.map((point) => point.value));
  const top = Math.max(...values, 0);
  const bottom = Math.min(...values, 0);
  const y = (value) => HEIGHT - ((value - bottom) / (top - bottom || 1)) * HEIGHT;
  const draw = type === "bar" ? bars : lines;
  const marks = series.flatMap((one, index) => draw({ points: one.data, index, series: series.length, y, type }));
  const ground = shape("line", { x1: 0, x2: WIDTH, y1: y(0), y2: y(0), class: "ground" });
  const label = series.map((one) => one.name).join(", ");
  const box = `-2 -4 ${WIDTH + 4} ${HEIGHT + 8}`;
  return shape("svg", { viewBox: box, role: "img", "aria-label": t("Chart: {names}", { names: label }) }, ground, ...marks);
}

function bars({ points, index, series, y }) {
  const room = WIDTH / points.length;
  const width = (room * 0.7) / series;
  return points.map((point, at) => {
    const [above, below] = [Math.min(y(point.value), y(0)), Math.max(y(point.value), y(0))];
    const x = at * room + room * 0.15 + index * width;
    const height = Math.max(below - above, 1);
    return shape("rect", { x, y: above, width, height, rx: 2, class: `series-${index % 6}` });
  });
}

function lines({ points, index, y, type }) {
  const room = WIDTH / points.length;
  const x = (at) => (at + 0.5) * room;
  const path = points.map((point, at) => `${x(at)},${y(point.value)}`).join(" ");
  const curve = shape("polyline", { points: path, class: `line series-${index % 6}` });
  if (type !== "area") return [curve];
  const floor = `${x(points.length - 1)},${y(0)} ${x(0)},${y(0)}`;
  return [shape("polygon", { points: `${path} ${floor}`, class: `area series-${index % 6}` }), curve];
}
