// A split with two ends: the range and the amount say the same, and the other side's part is shown beside it.
for (const box of document.querySelectorAll('[data-split]')) {
  const range = box.querySelector('input[type=range]');
  const amount = box.querySelector('input[name=creator_fen]');
  const rest = box.querySelector('[data-rest]');
  const total = Number(box.dataset.split);
  const yuan = (fen) => (fen / 100).toFixed(2);
  const show = (fen) => { rest.textContent = rest.dataset.rest.replace('%s', yuan(total - fen)); };
  range.hidden = false;
  range.addEventListener('input', () => { amount.value = yuan(Number(range.value)); show(Number(range.value)); });
  amount.addEventListener('input', () => {
    const fen = Math.round(Number(amount.value.replace(/[,¥￥]/g, '')) * 100);
    if (fen >= 0 && fen <= total) { range.value = String(fen); show(fen); }
  });
}
