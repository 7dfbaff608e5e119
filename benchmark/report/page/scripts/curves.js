// Training curves, of one run or of two in the same charts.
import { element, embedded } from "./elements.js";
import { drawChart } from "./charts.js";

const specification = embedded("curve-specification");

function points({ step, phase }, { lines }, run) {
  return lines.flatMap(({ name, values }) =>
    values
      .map((value, i) => ({ run, line: name, step: step[i], phase: phase[i], value }))
      .filter((point) => point.value !== null),
  );
}

// What a run's section embeds of its curves; nothing if it logged none.
export function curvesOf(section) {
  const source = section.querySelector("script.points");
  return source ? JSON.parse(source.textContent) : { charts: [] };
}

// A chart for every quantity of these runs: [{run, curves}].
export async function drawCurves(place, runs) {
  const titles = new Set(runs.flatMap(({ curves }) => curves.charts.map((chart) => chart.title)));
  for (const title of titles) {
    const figure = place.appendChild(element("figure", {}, element("figcaption", { textContent: title })));
    const found = runs.flatMap(({ run, curves }) =>
      curves.charts.filter((chart) => chart.title === title).map((chart) => ({ run, curves, chart })),
    );
    const values = found.flatMap(({ run, curves, chart }) => points(curves, chart, run));
    const encoding = structuredClone(specification.encoding);
    if (found.every(({ chart }) => chart.lines.length === 1)) encoding.color.legend = null; // the title says it
    encoding.strokeDash.scale = { domain: runs.map(({ run }) => run), range: [[1, 0], [4, 3]] };
    await drawChart(figure.appendChild(element("div")), { ...specification, encoding, data: { values } }, title);
  }
}
