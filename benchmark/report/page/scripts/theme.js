// Light or dark: as the system has it, until the button is pressed. The choice is remembered if the browser allows it.
const root = document.documentElement;
const button = document.querySelector("#theme");
const dark = matchMedia("(prefers-color-scheme: dark)");

function remembered() {
  try {
    return localStorage.getItem("theme");
  } catch {
    return null; // some browsers store nothing for a page that is a file
  }
}

function remember(theme) {
  try {
    localStorage.setItem("theme", theme);
  } catch {
    // then the choice holds until the page is left
  }
}

const isDark = () => (root.dataset.theme ? root.dataset.theme === "dark" : dark.matches);
const show = () => button.setAttribute("aria-pressed", isDark());

button.addEventListener("click", () => {
  root.dataset.theme = isDark() ? "light" : "dark";
  remember(root.dataset.theme);
  show();
});
dark.addEventListener("change", show);
if (remembered()) root.dataset.theme = remembered();
show();
