// Reasons in place: the link from an inferred statement to its reasons becomes a button that
// unfolds them under the statement, step by step. Without this script the link leads to their page.
"use strict";
{
  const words = document.currentScript.dataset;
  let unfolded = 0;
  enhance(document);

  function enhance(root) {
    for (const link of root.querySelectorAll("a[data-unfold]")) replace(link);
  }

  function replace(link) {
    const button = document.createElement("button");
    let region = null;
    button.type = "button";
    button.className = link.className;
    button.append(...link.childNodes);
    button.setAttribute("aria-expanded", "false");
    button.addEventListener("click", () => {
      region ??= loaded(button, link.href);
      const open = button.getAttribute("aria-expanded") !== "true";
      button.setAttribute("aria-expanded", String(open));
      region.hidden = !open;
    });
    link.replaceWith(button);
  }

  function loaded(button, address) {
    const region = document.createElement("div");
    region.id = `unfolded-${(unfolded += 1)}`;
    region.className = "unfolded";
    button.setAttribute("aria-controls", region.id);
    button.closest("li").append(region);
    load(region, address);
    return region;
  }

  async function load(region, address) {
    region.setAttribute("aria-busy", "true");
    try {
      const answer = await fetch(address, { headers: { Accept: "text/html" } });
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const reasons = page.getElementById("reasons");
      if (!reasons) throw new Error(answer.statusText);
      region.append(...document.adoptNode(reasons).childNodes, line(words.page, address));
      enhance(region);
    } catch {
      region.append(line(words.failed), line(words.page, address));
    }
    region.removeAttribute("aria-busy");
  }

  function line(text, address) {
    const made = document.createElement("p");
    const held = address ? made.appendChild(document.createElement("a")) : made;
    if (address) held.href = address;
    else made.setAttribute("role", "alert");
    held.textContent = text;
    return made;
  }
}
