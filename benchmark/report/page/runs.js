// The runs' sections: a link to one opens it, and its charts are drawn when it is first opened.
const specification = JSON.parse(document.getElementById("curve-specification").textContent);

function open(hash) {
  const section = document.getElementById(decodeURIComponent(hash.slice(1)));
  if (!section?.matches("details.run")) return;
  section.open = true;
  section.scrollIntoView();
  section.querySelector("summary").focus({ preventScroll: true });
}

function points({ step, phase }, { lines }) {
  return lines.flatMap(({ name, values }) =>
    values.map((value, i) => ({ line: name, step: step[i], phase: phase[i], value })).filter((p) => p.value !== null),
  );
}

async function drawCurves(section) {
  const source = section.querySelector("script.points");
  if (!source) return;
  const curves = JSON.parse(source.textContent);
  for (const chart of curves.charts) {
    const place = section.querySelector(".curves").appendChild(document.createElement("figure"));
    place.append(Object.assign(document.createElement("figcaption"), { textContent: chart.title }));
    const encoding = structuredClone(specification.encoding);
    if (chart.lines.length === 1) encoding.color.legend = null; // the title says it
    const drawn = { ...specification, encoding, data: { values: points(curves, chart) } };
    await vegaEmbed(place.appendChild(document.createElement("div")), drawn, { renderer: "svg", actions: false });
  }
}

for (const section of document.querySelectorAll("details.run")) {
  section.addEventListener("toggle", () => drawCurves(section), { once: true });
}
document.addEventListener("click", (event) => {
  const link = event.target.closest?.('a[href^="#run-"]');
  if (link) open(link.hash); // also when the address has it already
});
window.addEventListener("hashchange", () => open(location.hash));
open(location.hash);
