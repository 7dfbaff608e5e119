// The test set that every part of the page shows.
import { read, write } from "./state.js";

const menu = document.querySelector("#test-set");
const known = [...(menu?.options ?? [])].map((option) => option.value);

export function testSet() {
  const asked = read("test-set");
  return known.includes(asked) ? asked : known[0];
}

if (menu) {
  menu.value = testSet();
  menu.addEventListener("change", () => write("test-set", menu.value, known[0]));
}
