// Elements made by script.
export function element(tag, properties = {}, ...children) {
  const { data, style, role, ...others } = properties;
  const made = Object.assign(document.createElement(tag), others);
  Object.assign(made.dataset, data);
  for (const [name, value] of Object.entries(style ?? {})) made.style.setProperty(name, value);
  if (role) made.setAttribute("role", role);
  made.append(...children);
  return made;
}

export const heading = (textContent) => element("h3", { textContent });
export const note = (textContent) => element("p", { className: "note", textContent });

// The JSON in the page's element of this id.
export const embedded = (id) => JSON.parse(document.getElementById(id).textContent);
