// The small behaviour every page shares. Pages work without it; nothing here decides anything about money.
const words = document.getElementById("app-words").dataset;
const all = (query, root = document) => root.querySelectorAll(query);

/* Say something in the one status region, as a line the reader can close. */
function say(text, tone = "act") {
  const region = document.getElementById("live-region");
  if ([...region.children].some((line) => line.innerText.trim() === text)) return;
  const line = document.createElement("p");
  line.className = `flash is-${tone}`;
  const span = document.createElement("span");
  span.textContent = text;
  line.append(span);
  region.append(line);
}

/* Busy buttons and no second submit. The button goes busy at once and the form stays locked until the answer. */
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.method === "dialog") return;
  if (form.dataset.sent) {
    event.preventDefault();
    return;
  }
  const swaps = form.matches("[hx-post], [data-hx-post]");
  // A page's own script that took the form over also says when it is done.
  if ((form.method !== "post" || event.defaultPrevented) && !swaps) return;
  form.dataset.sent = "1";
  const button = event.submitter;
  if (button) button.setAttribute("aria-busy", "true");
  // Disabled only after the browser has read the form, so the button's own value is sent.
  setTimeout(() => all("button[type=submit]", form).forEach((one) => (one.disabled = true)));
});
function release(root = document) {
  const forms = root.matches?.("form") ? [root] : all("form[data-sent]", root);
  for (const form of forms) {
    delete form.dataset.sent;
    all("button", form).forEach((one) => {
      one.disabled = false;
      one.removeAttribute("aria-busy");
    });
  }
}
// Coming back by the back button shows the page as it was left: unlock it, and fetch what went stale.
addEventListener("pageshow", (event) => {
  if (!event.persisted) return;
  release();
  if (document.querySelector("[data-fresh]") || kept()?.interrupted) location.reload();
});

/* What was typed outlives an ended session or a server that was away: this tab keeps it until the form got through. */
function kept() {
  const found = JSON.parse(sessionStorage.getItem("kept"));
  return found && Date.now() - found.at < 3600e3 ? found : null;
}
const keep = (what) => sessionStorage.setItem("kept", JSON.stringify(what));
document.addEventListener("submit", ({ target: form }) => {
  if (form.method !== "post" || form.querySelector("[type=password]")) return;
  const secret = ["csrf_token", "idempotency_key"];
  const fields = [...new FormData(form)].filter(([name, value]) => !secret.includes(name) && typeof value === "string");
  if (form.querySelector("textarea, input:not([type=hidden])")) keep({ page: location.pathname, action: form.action, fields, at: Date.now() });
});
function refill() {
  const typed = kept();
  const lost = typed?.interrupted || document.querySelector(".flash.is-bad"); // sent back without what was typed
  if (typed && document.querySelector("[data-interrupted]")) keep({ ...typed, interrupted: true });
  else if (typed && lost && location.pathname === typed.page) {
    const form = [...document.forms].find((one) => one.action === typed.action);
    for (const [name, value] of form ? typed.fields : []) {
      for (const field of all(`[name="${CSS.escape(name)}"]`, form)) {
        if (!["radio", "checkbox"].includes(field.type)) field.value = value;
        else if (field.value === value) field.checked = true;
      }
    }
    const fold = form?.closest("details");
    if (fold) fold.open = true;
    if (form && typed.interrupted) say(words.kept, "wait");
    sessionStorage.removeItem("kept");
  } else if (!typed?.interrupted) sessionStorage.removeItem("kept");
}
refill();

/* htmx: rest polls in hidden tabs, speak up once when the line is down, wire what came in. */
let offline = false;
document.addEventListener("htmx:config:request", (event) => {
  if (document.hidden && event.detail.ctx.sourceEvent?.type === "every") event.preventDefault();
});
document.addEventListener("htmx:error", () => {
  if (!offline) say(words.offline, "wait");
  offline = true;
});
document.addEventListener("htmx:response:error", (event) => {
  const { ctx } = event.detail;
  if (ctx.response.status !== 422 && ctx.sourceEvent?.type !== "every") say(words.refused, "bad");
});
// The session ended while the page stood open: sign in, then come back here, instead of a form inside a fragment.
document.addEventListener("htmx:before:response", (event) => {
  const { raw } = event.detail.ctx.response;
  if (!raw.redirected || new URL(raw.url).pathname !== "/login") return;
  event.preventDefault();
  location.assign(`/login?next=${encodeURIComponent(location.pathname + location.search)}`);
});
document.addEventListener("htmx:finally:request", (event) => release(event.target.closest?.("form") ?? event.target));
document.addEventListener("htmx:after:swap", () => {
  offline = false;
  focusErrors();
  tick();
});

/* Countdowns: <p data-countdown="ISO" data-over="…"><span data-left></span></p> */
function tick() {
  for (const box of all("[data-countdown]")) {
    const left = Math.floor((new Date(box.dataset.countdown) - Date.now()) / 1000);
    const face = box.querySelector("[data-left]");
    if (left <= 0) {
      face.textContent = box.dataset.over;
      continue;
    }
    const days = Math.floor(left / 86400);
    const two = (value) => String(Math.floor(value)).padStart(2, "0");
    const hms = `${two((left % 86400) / 3600)}:${two((left % 3600) / 60)}:${two(left % 60)}`;
    face.textContent = days ? `${days} ${words.days} ${hms}` : hms;
  }
}
if (document.querySelector("[data-countdown]")) setInterval(tick, 1000);
tick();

/* After a refused form, the summary takes the focus; its links put the cursor into the field. */
function focusErrors() {
  document.querySelector("[data-focus]")?.focus();
}
focusErrors();
document.addEventListener("click", (event) => {
  const link = event.target.closest(".error-summary a");
  if (link) {
    event.preventDefault();
    const field = document.querySelector(link.hash);
    (field?.matches("fieldset") ? field.querySelector("input") : field)?.focus();
  }
  event.target.closest("[data-dismiss]")?.parentElement.remove();
  for (const menu of all("details.menu[open]")) if (!menu.contains(event.target)) menu.open = false;
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  const menu = event.target.closest("details.menu[open]");
  if (menu) {
    menu.open = false;
    menu.querySelector("summary").focus();
  }
});

/* Filters that apply themselves: <form data-auto> sends when a choice changes. */
document.addEventListener("change", (event) => {
  if (event.target.form?.matches("[data-auto]")) event.target.form.requestSubmit();
});

/* Light, dark, or as the device. */
for (const button of all("[data-theme-cycle]")) {
  const label = button.querySelector("span");
  const name = label.textContent;
  const show = () => (label.textContent = `${name}: ${button.dataset[document.documentElement.dataset.theme]}`);
  button.addEventListener("click", () => {
    const next = { auto: "light", light: "dark", dark: "auto" }[document.documentElement.dataset.theme];
    localStorage.setItem("theme", next);
    applyTheme();
    show();
  });
  show();
}

if (/Mac|iP(hone|ad)/.test(navigator.platform)) all(".tool kbd").forEach((key) => (key.textContent = "⌘K"));

/* Ctrl/⌘K: every page the menus of this page know, found by typing. */
const palette = document.querySelector("[data-palette]");
const input = palette.querySelector("input");
const list = palette.querySelector("ul");
const pages = new Map();
const places = [".side a", ".subnav a", ".tabbar a", ".top-nav a", ".menu-sheet a", ".foot a"];
for (const link of places.flatMap((place) => [...all(place)])) {
  const name = [...link.querySelectorAll("span:not([aria-hidden])")].filter((one) => !one.children.length).map((one) => one.textContent);
  const role = link.querySelector("small")?.textContent;
  const text = [name.join(" ") || link.textContent.trim(), role].filter(Boolean).join(" · ");
  const { pathname, origin } = new URL(link.href);
  if (origin === location.origin && !pages.has(pathname)) pages.set(pathname, text);
}
let at = 0;
function fill() {
  const sought = input.value.trim().toLowerCase();
  const found = [...pages].filter(([path, text]) => `${text} ${path}`.toLowerCase().includes(sought));
  at = Math.min(at, Math.max(found.length - 1, 0));
  list.replaceChildren(
    ...found.map(([path, text], index) => {
      const item = document.createElement("li");
      item.id = `palette-${index}`;
      item.role = "option";
      item.ariaSelected = String(index === at);
      item.dataset.path = path;
      item.append(text, Object.assign(document.createElement("small"), { textContent: path }));
      return item;
    }),
  );
  input.setAttribute("aria-activedescendant", found.length ? `palette-${at}` : "");
  palette.querySelector(".palette-none").hidden = found.length > 0;
  list.children[at]?.scrollIntoView({ block: "nearest" });
}
function openPalette() {
  input.value = "";
  at = 0;
  fill();
  palette.showModal();
}
all("[data-palette-open]").forEach((button) => button.addEventListener("click", openPalette));
document.addEventListener("keydown", (event) => {
  if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") {
    event.preventDefault();
    palette.open ? palette.close() : openPalette();
  }
});
input.addEventListener("input", () => {
  at = 0;
  fill();
});
input.addEventListener("keydown", (event) => {
  if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    event.preventDefault();
    at = (at + (event.key === "ArrowDown" ? 1 : -1) + list.children.length) % (list.children.length || 1);
    fill();
  } else if (event.key === "Enter" && !event.isComposing) {
    event.preventDefault();
    const path = list.children[at]?.dataset.path;
    if (path) location.assign(path);
  }
});
list.addEventListener("click", (event) => {
  const item = event.target.closest("li");
  if (item) location.assign(item.dataset.path);
});
palette.addEventListener("click", (event) => {
  if (event.target === palette) palette.close();
});

/* Films: counted and, where that costs nothing, shown silently. Fetched only by pages that have some. */
if (document.querySelector("[data-view], [data-preview], [data-autoplay-film]")) {
  import("./views.js");
  import("./previews.js");
}

/* "Back" on an error page goes back for real, so that what was typed is still there. */
document.addEventListener("click", (event) => {
  if (event.target.closest("[data-back]") && history.length > 1) {
    event.preventDefault();
    history.back();
  }
});
