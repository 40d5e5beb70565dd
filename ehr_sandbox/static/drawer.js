// Opens pages behind the chart in a drawer, and copies text. Without this file the links lead to the same pages.
"use strict";

document.documentElement.classList.add("scripted");

function drawer() {
  const found = document.querySelector("dialog.drawer");
  if (found) return found;
  const made = document.createElement("dialog");
  made.className = "drawer";
  made.setAttribute("aria-label", "Behind the page");
  document.body.append(made);
  return made;
}

async function show(link) {
  const answer = await fetch(link.href);
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const close = Object.assign(document.createElement("button"), { type: "button", className: "close", textContent: "Close" });
  close.addEventListener("click", () => drawer().close());
  drawer().replaceChildren(close, ...document.importNode(page.querySelector("main"), true).children);
  drawer().showModal();
}

document.addEventListener("click", (event) => {
  const link = event.target.closest("a[data-drawer]");
  if (link && !event.ctrlKey && !event.metaKey && !event.shiftKey) {
    event.preventDefault();
    show(link).catch(() => { location.href = link.href; });
  }
  const button = event.target.closest("button[data-copy]");
  if (button) copy(button);
});

async function copy(button) {
  const label = button.innerHTML;
  await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).textContent);
  button.textContent = "Copied";
  setTimeout(() => { button.innerHTML = label; }, 1500);
}
