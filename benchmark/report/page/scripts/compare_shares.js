// The sparsity of each matrix of two runs, and the difference, as tables that are tinted by their numbers.
import { element, heading } from "./elements.js";

// The table of a run's section as {matrices, layers: [[name, shares in per cent or NaN]]}.
function sharesOf(section) {
  const table = section.querySelector("table.heat");
  if (!table) return null;
  const matrices = [...table.tHead.rows[0].cells].slice(1).map((cell) => cell.textContent);
  const layers = [...table.tBodies[0].rows].map(({ cells: [name, ...shares] }) => [
    name.textContent,
    shares.map((cell) => parseFloat(cell.textContent)),
  ]);
  return { matrices, layers };
}

function table(title, { matrices, layers }, cell) {
  const header = (textContent, i) => element("th", { scope: "col", className: i ? "number" : "", textContent });
  const head = ["layer", ...matrices].map(header);
  const rows = layers.map(([name, shares]) => {
    const cells = shares.map((share) => (Number.isNaN(share) ? element("td") : cell(share)));
    return element("tr", {}, element("th", { scope: "row", textContent: name }), ...cells);
  });
  return element(
    "div",
    { className: "wide", role: "region", tabIndex: 0, ariaLabel: title },
    element(
      "table",
      { className: "heat" },
      element("caption", { textContent: title }),
      element("thead", {}, element("tr", {}, ...head)),
      element("tbody", {}, ...rows),
    ),
  );
}

const gone = (share) =>
  element("td", { className: "number", textContent: share.toFixed(1), style: { "--gone": Math.max(0, share / 100) } });
const change = (points) =>
  element("td", {
    className: points < 0 ? "number less" : "number",
    textContent: (points > 0 ? "+" : "") + points.toFixed(1),
    style: { "--gone": Math.min(1, Math.abs(points) / 50) },
  });

export function sharesTables(first, second) {
  const [a, b] = [sharesOf(first), sharesOf(second)];
  const own = { "A: weights removed, %": a, "B: weights removed, %": b };
  const tables = Object.entries(own).flatMap(([title, shares]) => (shares ? [table(title, shares, gone)] : []));
  if (!tables.length) return [];
  if (a && b && String(a.matrices) === String(b.matrices) && a.layers.length === b.layers.length) {
    const layers = a.layers.map(([name, shares], i) => [name, shares.map((share, j) => b.layers[i][1][j] - share)]);
    tables.push(table("B minus A, points", { matrices: a.matrices, layers }, change));
  }
  return [heading("Sparsity by layer and matrix"), element("div", { className: "facts" }, ...tables)];
}
