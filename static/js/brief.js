// The brief's form: one step at a time, and every field saves itself. Without this script the four parts stand
// below each other and the buttons at the end do the same work.
const form = document.querySelector("[data-brief]");
const status = form.querySelector("[data-saved]");
const steps = [...form.querySelectorAll("[data-step]")];
const tabs = [...form.querySelectorAll("[data-tab]")];
const [prev, next, open] = ["[data-prev]", "[data-next]", "[data-open]"].map((one) => form.querySelector(one));
let at = 0;

function show(index, focus = true) {
  at = Math.max(0, Math.min(index, steps.length - 1));
  steps.forEach((step, n) => (step.hidden = n !== at));
  tabs.forEach((tab, n) => {
    tab.className = n === at ? "is-now" : n < at ? "is-done" : "is-next";
    tab.toggleAttribute("data-wrong", Boolean(steps[n].querySelector(".has-error")));
    const link = tab.querySelector("a");
    n === at ? link.setAttribute("aria-current", "step") : link.removeAttribute("aria-current");
  });
  prev.hidden = at === 0;
  next.hidden = at === steps.length - 1;
  open.hidden = at !== steps.length - 1;
  if (focus) {
    // No element has this id, so the browser does not jump to it when the page is loaded again.
    history.replaceState(null, "", `#${steps[at].dataset.step}`);
    steps[at].querySelector("h2").focus({ preventScroll: true });
    scrollTo({ top: 0 });
  }
}
const holding = (element) => steps.findIndex((step) => step.contains(element));
tabs.forEach((tab, n) =>
  tab.addEventListener("click", (event) => {
    event.preventDefault();
    show(n);
  }),
);
prev.addEventListener("click", () => show(at - 1));
next.addEventListener("click", () => show(at + 1));
// A link to a field opens the step that holds it before the cursor goes there.
document.addEventListener(
  "click",
  (event) => {
    const link = event.target.closest(".error-summary a, [data-field]");
    const field = link && document.querySelector(link.hash);
    if (!field || holding(field) < 0) return;
    show(holding(field), false);
    if (link.matches("[data-field]")) {
      event.preventDefault();
      (field.matches("fieldset") ? field.querySelector("input") : field).focus();
    }
  },
  true,
);

/* Wrong fields are marked where they stand; the one being typed in is left alone until it is left. */
function mark(errors) {
  for (const field of form.querySelectorAll(".field")) {
    const input = field.matches("fieldset") ? field : field.querySelector("[name]");
    const name = field.matches("fieldset") ? field.id.slice(2) : input?.name;
    if (!name || field.contains(document.activeElement)) continue;
    const texts = errors[name];
    const id = `f-${name}-error`;
    let line = document.getElementById(id);
    field.classList.toggle("has-error", Boolean(texts));
    if (!texts) {
      line?.remove();
      if (input !== field) input.removeAttribute("aria-invalid");
      continue;
    }
    if (!line) {
      line = Object.assign(document.createElement("div"), { className: "field-error", id });
      field.append(line);
      if (input !== field) input.setAttribute("aria-describedby", `${input.getAttribute("aria-describedby") || ""} ${id}`.trim());
    }
    line.textContent = texts.join(" ");
    if (input !== field) input.setAttribute("aria-invalid", "true");
  }
  tabs.forEach((tab, n) => tab.toggleAttribute("data-wrong", Boolean(steps[n].querySelector(".has-error"))));
}

/* What was typed stays in this browser until the server has it. */
const copy = `brief:${form.dataset.brief}`;
const fields = () => [...new FormData(form)].filter(([name]) => name !== "csrf_token");
const keep = () => localStorage.setItem(copy, JSON.stringify({ at: new Date().toISOString(), fields: fields() }));
function restore() {
  const kept = JSON.parse(localStorage.getItem(copy) || "null");
  if (!kept || kept.at <= form.dataset.updated) return localStorage.removeItem(copy);
  for (const input of form.elements) {
    if (!input.name || input.type === "hidden" || input.tagName === "BUTTON") continue;
    const values = kept.fields.filter(([name]) => name === input.name).map(([, value]) => value);
    if (input.type === "checkbox" || input.type === "radio") input.checked = values.includes(input.value);
    else if (values.length) input.value = values[0];
  }
  status.textContent = form.dataset.restored;
  later(0);
}

let timer, running, again;
function later(wait = 700) {
  clearTimeout(timer);
  timer = setTimeout(save, wait);
}
async function save() {
  if (running) return (again = true);
  running = true;
  again = false;
  status.textContent = form.dataset.saving;
  try {
    const answer = await fetch(form.dataset.autosave, { method: "POST", body: new FormData(form) });
    // Without a session the form's token is refused (400) or the answer is the sign-in page.
    if (answer.redirected || answer.status === 400) throw new Error("signed out");
    if (!answer.ok) throw new Error(answer.status);
    const told = await answer.json();
    status.textContent = told.saved;
    form.dataset.updated = told.updated;
    document.getElementById("stages").innerHTML = told.stages;
    document.getElementById("preview").innerHTML = told.preview;
    mark(told.errors);
    if (!again && !Object.keys(told.errors).length) localStorage.removeItem(copy);
  } catch (wrong) {
    const signedOut = wrong.message === "signed out";
    status.textContent = signedOut ? form.dataset.signedOut : form.dataset.unsaved;
    if (!signedOut) later(8000);
  } finally {
    running = false;
    if (again) later(0);
  }
}
form.addEventListener("input", () => {
  keep();
  later();
});
form.addEventListener("change", () => later(0));
form.addEventListener("focusout", () => later(300));
form.addEventListener("submit", () => {
  clearTimeout(timer);
  keep();
});

const wrong = form.querySelector(".has-error");
const asked = steps.findIndex((step) => `#${step.dataset.step}` === location.hash);
form.classList.add("is-stepped");
form.querySelector("[data-save]").hidden = true;
show(wrong ? holding(wrong) : asked, false);
restore();
