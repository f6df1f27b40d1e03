// evault in a page of yours: https://github.com/evaultlib/evault/blob/main/docs/embedding.md
(function () {
  "use strict";
  var events = ["ready", "height", "viewed", "consented", "signed", "declined", "error"];

  // embed shows a widget inside an element.
  //   options.url        the embed_url that your server was given by POST …/embed/token
  //   options.on         functions by event: ready, height, viewed, consented, signed, declined, error; each gets the message
  //   options.title      the frame's name for screen readers
  //   options.maxHeight  pixels that the frame grows to at most; default: the window's height to sign, any for the vault
  //   options.timeout    milliseconds until error "not_loaded" when the frame says nothing; default: 30000
  // It returns {frame, remove()}.
  function embed(place, options) {
    var url = new URL(options.url), on = options.on || {}, frame = document.createElement("iframe"), heard = false;
    if (url.protocol !== "https:" && url.protocol !== "http:") { throw new TypeError("evault.embed: url must be an embed_url"); }
    Object.keys(on).forEach(function (name) {
      if (events.indexOf(name) < 0) { throw new TypeError("evault.embed: unknown event " + name + "; events are " + events.join(", ")); }
    });
    var signing = url.pathname.indexOf("/embed/sign/") >= 0;
    function call(message) { if (on[message.event]) { on[message.event](message); } }
    function most() { return options.maxHeight || (signing ? window.innerHeight : Infinity); }
    function hear(e) {
      var m = e.data;
      if (e.source !== frame.contentWindow || e.origin !== url.origin || !m || m.source !== "evault" || events.indexOf(m.event) < 0) { return; }
      heard = true;
      if (m.event === "height" && m.height > 0) { frame.style.height = Math.min(m.height, most()) + "px"; }
      call(m);
    }
    var timer = setTimeout(function () {
      if (!heard) { call({ source: "evault", event: "error", code: "not_loaded" }); }
    }, options.timeout || 30000);
    window.addEventListener("message", hear);
    frame.title = options.title || (signing ? "Document to sign" : "Document in the vault");
    frame.style.cssText = "display:block;width:100%;height:24rem;border:0";
    frame.referrerPolicy = "no-referrer";
    frame.src = url.href;
    place.appendChild(frame);
    return {
      frame: frame,
      remove: function () { clearTimeout(timer); window.removeEventListener("message", hear); frame.remove(); }
    };
  }
  window.evault = { embed: embed };
})();
