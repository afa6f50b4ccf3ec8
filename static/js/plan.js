// What if: while a slider moves, the server works the plan out anew, and its answer takes the place of the one before.
const form = document.querySelector("[data-plan]");
let asked = null;
let due = 0;

async function answer() {
  asked?.abort();
  asked = new AbortController();
  const address = `${location.pathname}?${new URLSearchParams(new FormData(form))}`;
  const parts = document.querySelectorAll("[data-answer]");
  parts.forEach((part) => part.setAttribute("aria-busy", "true"));
  try {
    const found = await fetch(address, { signal: asked.signal });
    if (!found.ok) return form.submit(); // what is wrong stands at its field there
    const page = new DOMParser().parseFromString(await found.text(), "text/html");
    const fresh = page.querySelectorAll("[data-answer]");
    parts.forEach((part, at) => part.replaceChildren(...fresh[at].childNodes));
    parts.forEach((part) => part.removeAttribute("aria-busy"));
    history.replaceState(null, "", address);
  } catch (failure) {
    if (failure.name === "AbortError") return; // a later question is on its way
    form.submit();
  }
}

for (const range of form.querySelectorAll("[data-slides]")) {
  const field = form.elements[range.dataset.slides];
  const follow = () => {
    range.value = field.value;
    range.setAttribute("aria-valuetext", range.dataset.unit.replace("{}", field.value));
  };
  range.closest("[hidden]").hidden = false;
  follow();
  field.addEventListener("input", follow);
  range.addEventListener("input", () => {
    field.value = range.value;
    follow();
    clearTimeout(due);
    due = setTimeout(answer, 150);
  });
}
form.addEventListener("change", (event) => {
  if (!event.target.matches("[data-slides]")) answer();
});
form.addEventListener("submit", (event) => {
  event.preventDefault();
  answer();
});
