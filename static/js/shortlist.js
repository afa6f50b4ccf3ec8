// What each creator asks for the brief that is chosen, and what those who are ticked ask together. The page comes with the
// prices for the first brief; another choice shows those of its format and length.
const form = document.querySelector("[data-pieces]");
const pieces = JSON.parse(form.dataset.pieces);
const sum = form.querySelector("[data-sum]");
const money = new Intl.NumberFormat(document.documentElement.lang, { style: "currency", currency: "CNY" });
const put = (text, values) => text.replace(/\{(\w+)\}/g, (_all, name) => values[name]);

function show() {
  const piece = pieces[form.elements.task_id.value];
  for (const price of form.querySelectorAll("[data-piece]")) price.hidden = price.dataset.piece !== piece;
  const ticked = [...form.querySelectorAll("[name=creator_ids]:checked")].map((box) => box.closest("li"));
  const fen = ticked.map((row) => Number(row.querySelector(`[data-piece="${piece}"]`)?.dataset.fen || 0));
  const open = fen.filter((each) => !each).length;
  const total = fen.reduce((all, each) => all + each, 0);
  const words = !ticked.length ? sum.dataset.none : open ? sum.dataset.open : sum.dataset.all;
  const amount = money.format(total / 100);
  const ofHour = () => put(sum.dataset.per, { fen: amount.replace(/\.00$/, "") });
  sum.textContent = put(words, { n: ticked.length, fen: piece === sum.dataset.hour ? ofHour() : amount, open });
}
form.addEventListener("change", show);
show();
