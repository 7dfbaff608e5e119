// Files that the page makes itself, without a server.
export function save(name, type, text) {
  const address = URL.createObjectURL(new Blob([text], { type }));
  const link = Object.assign(document.createElement("a"), { href: address, download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 10_000); // some browsers read it only after the click
}

// Outside the page there is no theme: a figure is saved in its light colours.
export function saveFigure(name, svg) {
  const text = svg.replace(/light-dark\(([^,()]+),[^()]*\)/g, "$1");
  save(`${name}.svg`, "image/svg+xml", text);
}
