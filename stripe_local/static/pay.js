// Comfort only; every page works without it.
"use strict";

for (const form of document.querySelectorAll("form[data-busy]")) {
  form.addEventListener("submit", (event) => {
    if (form.dataset.sent) {
      event.preventDefault();
      return;
    }
    form.dataset.sent = "1";
    // Disabled after this turn, so that the pressed button's value is still sent.
    setTimeout(() => {
      for (const button of form.querySelectorAll("button")) button.disabled = true;
      form.querySelector("[role=status]").textContent = form.dataset.busy;
    });
  });
}

// A page that comes back from the browser's memory must be usable again.
window.addEventListener("pageshow", (event) => {
  if (!event.persisted) return;
  for (const form of document.querySelectorAll("form[data-busy]")) {
    delete form.dataset.sent;
    for (const button of form.querySelectorAll("button")) button.disabled = false;
    form.querySelector("[role=status]").textContent = "";
  }
});

const number = document.getElementById("number");
if (number) {
  number.addEventListener("blur", () => {
    const digits = number.value.replace(/\D/g, "");
    if (digits) number.value = digits.replace(/(.{4})(?=.)/g, "$1 ");
  });
  for (const button of document.querySelectorAll("[data-number]")) {
    button.addEventListener("click", () => {
      number.value = button.dataset.number;
      document.getElementById("expiry").value = "12 / 34";
      document.getElementById("cvc").value = "123";
      number.focus();
    });
  }
}

const refusal = document.getElementById("refusal");
if (refusal) refusal.focus();
