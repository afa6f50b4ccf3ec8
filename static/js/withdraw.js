// What arrives and what the button takes, while the amount is typed. Without it the page says both in words.
const form = document.querySelector("[data-withdraw]");
if (form) {
  const { fee, most } = form.dataset;
  const field = form.elements.amount;
  const net = form.querySelector("[data-net]");
  const label = form.querySelector("[data-takes]");
  const words = { net: net.textContent, label: label.textContent };
  const yuan = new Intl.NumberFormat(document.documentElement.lang, { style: "currency", currency: "CNY" });
  function show() {
    const typed = /^\d+(\.\d{1,2})?$/.test(field.value.trim()) ? Math.round(Number(field.value) * 100) : 0;
    const arrives = typed > Number(most) ? 0 : typed - Number(fee);
    net.textContent = arrives > 0 ? yuan.format(arrives / 100) : words.net;
    label.textContent = arrives > 0 ? `${words.label} ${yuan.format(typed / 100)}` : words.label;
  }
  field.addEventListener("input", show);
  addEventListener("pageshow", show);
  show();
}
