// Charts by Vega-Lite, each with a button that saves it.
import { element } from "./elements.js";
import { saveFigure } from "./downloads.js";

export async function drawChart(place, specification, name) {
  const { view } = await vegaEmbed(place, specification, { renderer: "svg", actions: false });
  const onclick = async () => saveFigure(name, await view.toSVG());
  const ariaLabel = `Save the chart ${name} as SVG`;
  place.after(element("button", { type: "button", className: "save", textContent: "SVG", ariaLabel, onclick }));
  return view;
}
