// The page works without this: it adds copy buttons, keeps open what was opened, and submits a changed day.
"use strict";

function addCopyButton(area) {
  const button = document.createElement("button");
  const told = document.createElement("span");
  button.type = "button";
  button.textContent = "Copy";
  told.setAttribute("role", "status");
  button.addEventListener("click", async () => {
    area.select();
    try {
      await navigator.clipboard.writeText(area.value);
      told.textContent = " Copied.";
    } catch {
      told.textContent = " Selected: copy it with the keyboard.";
    }
  });
  area.after(button, told);
}

function keepOpen(details) {
  const key = `open:${details.id}`;
  details.open = sessionStorage.getItem(key) === "yes";
  details.addEventListener("toggle", () => sessionStorage.setItem(key, details.open ? "yes" : "no"));
}

function submitOnChoice(field) {
  // A day chosen from the calendar is submitted; one that is being typed waits for Enter.
  let typed = false;
  field.addEventListener("keydown", () => { typed = true; });
  field.addEventListener("pointerdown", () => { typed = false; });
  field.addEventListener("change", () => {
    if (!typed && field.value) field.form.requestSubmit();
  });
}

function sendOnce(form) {
  form.addEventListener("submit", (event) => {
    if (form.dataset.sent) event.preventDefault();
    form.dataset.sent = "yes";
  });
}

document.querySelectorAll("textarea[data-copy]").forEach(addCopyButton);
document.querySelectorAll("details[id]").forEach(keepOpen);
document.querySelectorAll("input[data-submit]").forEach(submitOnChoice);
document.querySelectorAll("form").forEach(sendOnce);
window.addEventListener("pageshow", (event) => {
  if (event.persisted) document.querySelectorAll("form").forEach((form) => delete form.dataset.sent);
});
document.getElementById("done")?.focus();
