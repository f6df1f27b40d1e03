
(function () {
  "use strict";
  var token = new URLSearchParams(location.hash.slice(1)).get("token");
  var note = document.getElementById("note");
  var fail = function (text) { note.textContent = text; };
  history.replaceState(null, "", location.pathname + location.search);
  if (!token) { fail("This address holds no token."); return; }
  fetch(note.dataset.session, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ token: token, origin: new URLSearchParams(location.search).get("origin") || undefined })
  }).then(function (r) {
    return r.json().then(function (b) {
      if (r.ok) { location.replace(b.data.session_url); } else { fail(b.detail || "The page could not be opened."); }
    });
  }).catch(function () { fail("The page could not be opened. Please try again."); });
})();
