
// What a page around this one is told; a message may come again after a reload.
var evault = (function () {
  "use strict";
  var page = document.body.dataset, origin = page.origin, framed = !!origin && parent !== window;
  function tell(event, more) {
    if (framed) { parent.postMessage(Object.assign({ source: "evault", event: event }, more), origin); }
  }
  if (framed) {
    if (page.event === "error") { tell("error", { code: page.code }); } else { tell("ready"); }
    if (page.event !== "error" && page.event !== "ready") { tell(page.event); }
    var height = 0;
    new ResizeObserver(function () {
      var h = Math.ceil(document.documentElement.getBoundingClientRect().height);
      if (h !== height) { height = h; tell("height", { height: h }); }
    }).observe(document.documentElement);
  }
  return { tell: tell };
})();
