// A link to something inside a closed part opens that part.
(() => {
  "use strict";

  function openTarget() {
    const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    target?.querySelector("details")?.setAttribute("open", "");
    target?.closest("details")?.setAttribute("open", "");
  }

  addEventListener("hashchange", openTarget);
  if (document.querySelector(".failure:target") || document.querySelector("details :target")) openTarget();
})();
