"use strict";
for (const input of document.querySelectorAll("input.filter[data-table]"))
  input.addEventListener("input", () => {
    const wanted = input.value.toLowerCase();
    for (const row of input.closest("section").querySelectorAll("tbody tr"))
      row.hidden = !row.textContent.toLowerCase().includes(wanted);
  });

const records = [...document.querySelectorAll("details.record")];
if (records.length) {
  const state = { verdict: "", type: "", text: "" };
  const apply = () => {
    for (const record of records) {
      const fits = (!state.verdict || record.dataset.verdicts.split("|").includes(state.verdict))
        && (!state.text || record.textContent.toLowerCase().includes(state.text));
      record.hidden = !fits;
      for (const row of record.querySelectorAll("tr[data-verdict]"))
        row.hidden = Boolean(state.verdict) && row.dataset.verdict !== state.verdict;
    }
    for (const section of document.querySelectorAll("section.type")) {
      const left = section.querySelectorAll("details.record:not([hidden])").length;
      section.hidden = Boolean(state.type && section.id !== state.type) || !left;
    }
  };
  for (const button of document.querySelectorAll("button[data-verdict], button[data-type]"))
    button.addEventListener("click", () => {
      const kind = "verdict" in button.dataset ? "verdict" : "type";
      state[kind] = button.dataset[kind];
      for (const other of document.querySelectorAll(`button[data-${kind}]`))
        other.setAttribute("aria-pressed", String(other === button));
      apply();
    });
  const text = document.querySelector("input.filter[data-records]");
  if (text) text.addEventListener("input", () => { state.text = text.value.toLowerCase(); apply(); });
  const open = document.querySelector("button[data-open]");
  if (open) open.addEventListener("click", () => {
    const all = open.getAttribute("aria-pressed") !== "true";
    open.setAttribute("aria-pressed", String(all));
    for (const record of records) record.open = all;
  });
}
