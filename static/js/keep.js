// What was typed into a long form stays in this browser until the server took it: an expired session or a lost
// connection costs nothing. <form data-keep data-restored="…">, one per page.
const kept = document.querySelector("form[data-keep]");
const name = `keep:${location.pathname}`;
const typed = () => [...new FormData(kept)].filter(([field, value]) => field !== "csrf_token" && typeof value === "string");

function bring(copy) {
  for (const input of kept.elements) {
    if (!input.name || input.type === "hidden" || input.tagName === "BUTTON") continue;
    const values = copy.fields.filter(([field]) => field === input.name).map(([, value]) => value);
    if (input.type === "checkbox" || input.type === "radio") input.checked = values.includes(input.value);
    else if (values.length) input.value = values[0];
  }
  const line = document.createElement("p");
  line.className = "note";
  line.setAttribute("role", "status");
  line.textContent = kept.dataset.restored;
  kept.prepend(line);
}

const copy = JSON.parse(sessionStorage.getItem(name) || "null");
// A form that was sent and comes back without errors was taken; with errors it is already filled in.
const back = document.referrer && new URL(document.referrer).pathname === location.pathname;
if (copy && !(copy.sent && back) && !document.querySelector(".error-summary")) bring(copy);
else sessionStorage.removeItem(name);
const store = (sent) => sessionStorage.setItem(name, JSON.stringify({ sent, fields: typed() }));
kept.addEventListener("input", () => store(false));
kept.addEventListener("submit", () => store(true));
