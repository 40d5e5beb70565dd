// Takes the page's form by hand, so that cards appear in place. Without this file every button posts and the page comes back whole.
"use strict";

const form = document.getElementById("pad");
const quick = new Set(["order-select", "patient-view"]); // what the user is busy with stays as it is
let queue = Promise.resolve();

function openGroups() {
  return [...document.querySelectorAll("#order-pad details")].map((each) => each.open);
}

function swap(page, wish) {
  const open = openGroups();
  for (const id of quick.has(wish) ? ["cards"] : ["cards", "order-pad", "record"]) {
    const fresh = page.getElementById(id);
    if (fresh) document.getElementById(id).replaceWith(document.importNode(fresh, true));
  }
  document.querySelectorAll("#order-pad details").forEach((each, at) => { each.open = each.open || open[at]; });
}

function explain(text) {
  const said = document.querySelector("#cards .said");
  said.replaceChildren(Object.assign(document.createElement("p"), { textContent: text }));
  document.getElementById("waiting")?.remove();
}

// One call after another: the service counts what it answered as shown, so no answer may be thrown away for a later one.
function send(wish) {
  queue = queue.then(() => exchange(wish));
}

async function exchange(wish) {
  const body = new URLSearchParams(new FormData(form));
  body.set("do", wish);
  document.getElementById("cards").setAttribute("aria-busy", "true");
  try {
    const answer = await fetch(form.action, { method: "POST", body });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    if (page.getElementById("cards")) swap(page, wish);
    else explain(page.querySelector("main p")?.textContent ?? `The EHR answered ${answer.status}.`);
  } catch {
    explain("The EHR cannot be reached. Is it still running?");
  }
  document.getElementById("cards").removeAttribute("aria-busy");
  if (!quick.has(wish)) document.getElementById("cards-heading").focus();
}

document.documentElement.classList.add("scripted");
form.addEventListener("submit", (event) => {
  event.preventDefault();
  send(event.submitter?.value ?? "order-sign");
});
document.addEventListener("change", (event) => {
  if (event.target.name === "order" || event.target.name === "draft") send("order-select");
});
if (form.dataset.fresh === "yes") send("patient-view");
