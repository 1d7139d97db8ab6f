// Put into pages by `python pipeline.py serve` alone: loads a page anew once it was rendered again.
"use strict";
{
  const MS_BETWEEN_LOOKS = 1000;
  const MS_WHILE_AWAY = 5000;
  const { watch, version } = document.currentScript.dataset;
  let timer;

  // Asked again and again rather than held open: a browser keeps few connections to one server, and tabs are many.
  async function look() {
    let wait = MS_BETWEEN_LOOKS;
    try {
      const answer = await fetch(watch, { cache: "no-store" });
      const current = answer.ok ? await answer.text() : "";
      if (current !== "" && current !== version && !isTyping()) {
        rememberOpenParts();
        location.reload();
        return;
      }
    } catch {
      wait = MS_WHILE_AWAY; // the server is gone; it may come back
    }
    plan(wait);
  }

  function plan(wait) {
    clearTimeout(timer);
    if (!document.hidden) timer = setTimeout(look, wait);
  }

  function isTyping() {
    return document.activeElement?.matches("input[type=search], select") ?? false;
  }

  // The browser keeps the place on the page; it fits only if what was open is open again.
  function rememberOpenParts() {
    const open = [...document.querySelectorAll("details")].map((part) => part.open);
    history.replaceState({ open }, "");
  }

  function openParts() {
    const open = history.state?.open ?? [];
    history.replaceState(null, "");
    const parts = [...document.querySelectorAll("details")];
    if (open.length === parts.length) parts.forEach((part, place) => { part.open = open[place]; });
  }

  document.addEventListener("DOMContentLoaded", openParts); // other scripts add parts of their own
  document.addEventListener("visibilitychange", () => plan(0));
  plan(MS_BETWEEN_LOOKS);
}
