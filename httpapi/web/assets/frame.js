
(function () {
  "use strict";
  var main = document.querySelector("main"), token = new URLSearchParams(location.hash.slice(1)).get("token");
  function fail(code) {
    document.title = document.getElementById("title").textContent = main.dataset.failed;
    document.getElementById("note").textContent = "Please reload the page that brought you here.";
    if (main.dataset.origin && parent !== window) { parent.postMessage({ source: "evault", event: "error", code: code }, main.dataset.origin); }
  }
  history.replaceState(null, "", location.pathname + location.search);
  if (!token) { fail("embed_token_invalid"); return; }
  fetch(main.dataset.session, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ token: token, origin: main.dataset.origin || undefined })
  }).then(function (r) {
    return r.json().then(function (b) {
      if (r.ok) { location.replace(b.data.session_url); } else { fail(b.code); }
    });
  }).catch(function () { fail("network"); });
})();
