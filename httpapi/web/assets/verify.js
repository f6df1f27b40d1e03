(function () {
  "use strict";
  var input = document.getElementById("file");
  var note = document.getElementById("note");
  if (!window.crypto || !crypto.subtle) { return; }
  input.disabled = false;
  note.textContent = "";
  input.addEventListener("change", function () {
    var file = input.files[0];
    if (!file) { return; }
    note.textContent = "Computing the digest…";
    file.arrayBuffer().then(function (bytes) {
      return crypto.subtle.digest("SHA-256", bytes);
    }).then(function (sum) {
      var hex = Array.from(new Uint8Array(sum), function (b) { return b.toString(16).padStart(2, "0"); }).join("");
      location.assign(input.dataset.action + hex);
    }).catch(function () { note.textContent = "The file could not be read."; });
  });
})();
