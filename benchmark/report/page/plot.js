// WER against size: one menu chooses the test set of all plots, a click on a point leads to its run.
const menu = document.querySelector("#plot-controls select");
const actions = { export: true, source: false, compiled: false, editor: false }; // no way out to the network

async function draw(place) {
  const name = place.id.replace("plot-", "");
  const specification = JSON.parse(document.getElementById(`specification-${name}`).textContent);
  const { view } = await vegaEmbed(place, specification, { renderer: "svg", actions });
  view.addEventListener("click", (_event, item) => {
    const section = item?.datum?.section;
    if (section) location.hash = encodeURIComponent(section);
  });
  const choose = () => view.signal("test_set", menu.value).runAsync();
  menu.addEventListener("change", choose);
  await choose(); // a browser may have kept the menu's value over a reload
}

for (const place of document.querySelectorAll(".plot")) draw(place);
