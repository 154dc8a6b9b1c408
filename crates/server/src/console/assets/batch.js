// The list of a new batch: a file that is chosen or dropped goes where it could also be pasted, and a
// fault leads to its line. Nothing is sent before the form is.
"use strict";

const area = document.getElementById("csv");

// A file that is too long would be refused after it was sent; so it is not read at all.
async function take(file) {
  if (file.size > Number(area.dataset.bytesMax)) {
    area.value = "";
    area.setCustomValidity(area.dataset.tooLong);
    area.reportValidity();
    return;
  }
  area.setCustomValidity("");
  area.value = await file.text();
  area.focus();
}

function select(number) {
  let begin = 0;
  for (let line = 1; line < number; line += 1) begin = area.value.indexOf("\n", begin) + 1;
  const end = area.value.indexOf("\n", begin);
  area.focus();
  area.setSelectionRange(begin, end < 0 ? area.value.length : end);
  // No browser says where a line is; lines are equally high as long as none is wrapped.
  const lines = area.value.split("\n").length;
  area.scrollTop = ((number - 1) / lines) * area.scrollHeight - area.clientHeight / 2;
}

if (area) {
  const form = area.form;
  const input = form.querySelector("input[type=file]");
  area.addEventListener("input", () => area.setCustomValidity(""));
  input.addEventListener("change", () => {
    if (input.files.length > 0) take(input.files[0]);
  });
  form.addEventListener("dragover", (event) => {
    event.preventDefault();
    form.classList.add("dropping");
  });
  form.addEventListener("dragleave", () => form.classList.remove("dropping"));
  form.addEventListener("drop", (event) => {
    event.preventDefault();
    form.classList.remove("dropping");
    if (event.dataTransfer.files.length > 0) take(event.dataTransfer.files[0]);
  });
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-line]");
    if (!link) return;
    event.preventDefault();
    select(Number(link.dataset.line));
  });
}
