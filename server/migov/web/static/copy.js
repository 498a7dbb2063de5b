// A button beside every text that is marked as one to take along; what it did is announced.
// Without this script, and where a browser gives no clipboard, the text is there to be selected.
"use strict";
{
  const words = document.currentScript.dataset;
  const said = document.createElement("p");

  if (navigator.clipboard) {
    said.className = "unseen";
    said.setAttribute("role", "status");
    document.body.append(said);
    for (const text of document.querySelectorAll("[data-copy-this]")) offer(text);
  }

  function offer(text) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "copy";
    button.textContent = words.copy;
    if (text.dataset.copyThis) button.setAttribute("aria-label", `${words.copy} ${text.dataset.copyThis}`);
    button.addEventListener("click", () => copy(text, button));
    if (text.localName !== "pre") return text.after(button);
    const holder = document.createElement("div");
    holder.className = "copying";
    text.replaceWith(holder);
    holder.append(text, button);
  }

  async function copy(text, button) {
    const content = text.href ?? text.textContent.trim();
    const copied = await navigator.clipboard.writeText(content).then(
      () => true,
      () => false,
    );
    said.textContent = copied ? words.copied : words.failed;
    button.textContent = copied ? words.copied : words.copy;
    setTimeout(() => {
      button.textContent = words.copy;
      said.textContent = "";
    }, 2500);
  }
}
