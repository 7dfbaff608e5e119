// WER against size on the chosen test set; a click on a point leads to its run.
import { embedded } from "./elements.js";
import { onChoice } from "./state.js";
import { testSet } from "./test_set.js";
import { drawChart } from "./charts.js";

async function draw(place) {
  const name = place.id.replace("plot-", "");
  const view = await drawChart(place, embedded(`specification-${name}`), `wer-against-${name}`);
  view.addEventListener("click", (_event, item) => {
    const section = item?.datum?.section;
    if (section) location.hash = encodeURIComponent(section);
  });
  const choose = () => view.signal("test_set", testSet()).runAsync();
  onChoice(["test-set"], choose);
  await choose();
}

for (const place of document.querySelectorAll(".plot")) draw(place);
