
(function () {
  "use strict";
  // Times in the reader's own zone and language.
  var zone = "", form;
  try {
    zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
    form = new Intl.DateTimeFormat(document.documentElement.lang, { dateStyle: "medium", timeStyle: "short", timeZone: zone });
  } catch (e) { return; }
  document.querySelectorAll("time").forEach(function (t) {
    var at = new Date(t.dateTime);
    if (isNaN(at)) { return; }
    t.title = t.textContent;
    t.textContent = form.format(at);
  });
  var note = document.getElementById("zone");
  if (zone && note) { note.textContent = "Times are in your time zone, " + zone.replace(/_/g, " ") + "."; }
})();
