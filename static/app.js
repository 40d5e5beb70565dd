// Enhancements only: the page is complete without this file. Copying, printing, and the mark of the part in view.
"use strict";
(() => {
  const show = (selector) => document.querySelectorAll(selector).forEach((each) => { each.hidden = false; });
  show(".scripted");

  document.querySelectorAll("[data-copy]").forEach((button) => {
    button.addEventListener("click", async () => {
      const source = document.getElementById(button.dataset.copy);
      const said = button.parentElement.querySelector("[role=status]");
      try {
        await navigator.clipboard.writeText(source.textContent);
        said.textContent = button.dataset.done;
      } catch {
        getSelection().selectAllChildren(source);
        source.focus();
        said.textContent = button.dataset.failed;
      }
    });
  });

  document.querySelectorAll("[data-print]").forEach((button) => button.addEventListener("click", () => print()));

  document.querySelectorAll("form[data-send-at-once]").forEach((form) => form.submit());

  // A link into a folded part opens it.
  const open = () => {
    const target = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    for (let at = target; at; at = at.parentElement) if (at.tagName === "DETAILS") at.open = true;
  };
  addEventListener("hashchange", open);
  addEventListener("click", (event) => { if (event.target.closest("a[href^='#']")) setTimeout(open); }); // the same link again
  open();
  document.querySelectorAll("[data-unfold]").forEach((button) => button.addEventListener("click", () => {
    document.querySelectorAll("details.part").forEach((part) => { part.open = true; });
  }));
  addEventListener("beforeprint", () => {
    if (document.querySelector("#with-pictures:checked")) document.querySelectorAll("#algorithm, #trends").forEach((part) => { part.open = true; });
  });

  const links = new Map([...document.querySelectorAll(".parts a")].map((a) => [a.hash.slice(1), a]));
  if (!links.size || !("IntersectionObserver" in window)) return;
  const mark = (wanted) => links.forEach((a, id) => (id === wanted ? a.setAttribute("aria-current", "true") : a.removeAttribute("aria-current")));
  const inView = new Set();
  let chosen = ""; // the part of a link just followed stays marked until the reader moves on
  links.forEach((a, id) => a.addEventListener("click", () => { mark(chosen = id); }));
  ["wheel", "touchmove", "keydown", "pointerdown"].forEach((kind) => addEventListener(kind, () => { chosen = ""; }, { passive: true }));
  const watch = new IntersectionObserver((entries) => {
    for (const entry of entries) inView[entry.isIntersecting ? "add" : "delete"](entry.target.id);
    const first = [...links.keys()].find((id) => inView.has(id));
    if (first && !chosen) mark(first);
  }, { rootMargin: "-15% 0px -60% 0px" });
  links.forEach((_, id) => { const part = document.getElementById(id); if (part) watch.observe(part); });
})();
