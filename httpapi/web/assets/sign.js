(function () {
  "use strict";
  var $ = function (id) { return document.getElementById(id); };
  var all = function (sel, in_) { return Array.prototype.slice.call((in_ || document).querySelectorAll(sel)); };
  var body = document.body, main = $("main"), store = "evault:" + body.dataset.signer + "/";
  var tell = evault.tell;
  var print = $("print");
  if (print) { print.hidden = false; print.addEventListener("click", function () { window.print(); }); }
  if (!main.dataset.pages) { scrollTo(0, 0); }
  if (body.dataset.event === "signed" || body.dataset.event === "declined") {
    try { drafts().forEach(function (key) { localStorage.removeItem(key); }); } catch (e) { /* storage is off */ }
  }
  // The keys of what was entered, one for each field, so that two tabs that write at once lose nothing.
  function drafts() { return Object.keys(localStorage).filter(function (key) { return key.indexOf(store) === 0; }); }
  if (!main.dataset.pages) { return; }

  var words = JSON.parse(main.dataset.words);
  var say = function (key, values) {
    return words[key].replace(/\{(\w+)\}/g, function (m, k) { return values && k in values ? values[k] : m; });
  };
  var count = function (key, n, values) { return say(key + (n === 1 ? ".one" : ".other"), Object.assign({ n: n }, values)); };
  function ranges(pages) {
    var out = [];
    for (var i = 0; i < pages.length;) {
      var j = i;
      while (j + 1 < pages.length && pages[j + 1] === pages[j] + 1) { j++; }
      out.push(pages[i] + (j > i ? "–" + pages[j] : ""));
      i = j + 1;
    }
    return out.join(", ");
  }
  var form = $("signing");
  body.classList.add("scripted");
  var problems = $("errors");
  if (!problems.hidden) { problems.focus(); }

  // Pages: zoom, which one is in view, which were shown.
  var pages = $("pages"), sheets = all(".page"), unread = $("unread"), total = +main.dataset.pages;
  var zooms = [1, 1.5, 2, 3], zoom = 0;
  sheets.forEach(function (s) { s.dataset.page = s.id.slice(5); s.tabIndex = -1; });
  function missingPages() { return sheets.filter(function (s) { return "unread" in s.dataset; }).map(function (s) { return +s.dataset.page; }); }
  function readText() {
    if (!sheets.length || sheets.length < total) { return; }
    var left = missingPages();
    if (left.length) { unread.firstChild.textContent = count("doc.unread", left.length, { pages: ranges(left) }) + " "; return; }
    if (unread.className !== "ok") { unread.className = "ok"; unread.textContent = say("doc.seen"); tell("viewed"); }
  }
  // Browsers load what is far below, too. A picture counts as shown, so it comes when
  // its page does.
  function sharp(img) { // two sizes of each picture, for screens with more pixels
    if (img.srcset) { return; }
    img.sizes = Math.round(img.getBoundingClientRect().width) + "px";
    img.srcset = img.src + " 800w, " + img.src.replace("w=800", "w=1600") + " 1600w";
  }
  var near = new IntersectionObserver(function (entries) {
    entries.forEach(function (e) {
      var img = e.isIntersecting && e.target.querySelector("img");
      if (!img || !img.dataset.src) { return; }
      img.src = img.dataset.src; sharp(img);
      delete img.dataset.src;
      near.unobserve(e.target);
    });
  }, { rootMargin: "200px" });
  sheets.forEach(function (sheet) {
    var img = sheet.querySelector("img");
    if (!img.complete && sheet.getBoundingClientRect().top > innerHeight + 200) {
      img.dataset.src = img.src;
      img.removeAttribute("src");
      near.observe(sheet);
    } else { sharp(img); }
    var loaded = function () { if (img.naturalWidth >= 100) { delete sheet.dataset.unread; readText(); if (form) { steps(); } } };
    img.addEventListener("load", loaded);
    if (img.complete) { setTimeout(loaded); }
  });
  function setZoom(n, at) {
    zoom = Math.max(0, Math.min(zooms.length - 1, n));
    var z = zooms[zoom], x = at ? at.x : 0.5;
    var sheet = at ? at.sheet : null, y = at ? at.y : 0;
    pages.style.setProperty("--zoom", z);
    sheets.forEach(function (s) { s.querySelector("img").sizes = Math.round(s.getBoundingClientRect().width) + "px"; });
    $("zoom").textContent = say("doc.zoom", { n: Math.round(z * 100) });
    pages.scrollLeft = x * pages.scrollWidth - pages.clientWidth / 2;
    if (sheet) { window.scrollBy({ top: sheet.getBoundingClientRect().top + y * sheet.offsetHeight - innerHeight / 2, behavior: "instant" }); }
  }
  if (pages) {
    document.querySelector(".zoom").hidden = false;
    $("zoom-in").addEventListener("click", function () { setZoom(zoom + 1); });
    $("zoom-out").addEventListener("click", function () { setZoom(zoom - 1); });
    pages.addEventListener("click", function (e) { // one tap on a page makes it readable, the next one small again
      var sheet = e.target.closest(".page");
      if (!sheet || e.target.closest(".spot") || getSelection().toString()) { return; }
      var r = sheet.getBoundingClientRect(), narrow = r.width / zooms[zoom] < 600;
      setZoom(zoom ? 0 : narrow ? 2 : 1, { sheet: sheet, x: (e.clientX - r.left) / r.width, y: (e.clientY - r.top) / r.height });
    });
    var counter = $("counter"), seen = {};
    var watch = new IntersectionObserver(function (entries) {
      entries.forEach(function (e) { seen[e.target.dataset.page] = e.intersectionRect.height; });
      var best = Object.keys(seen).reduce(function (a, b) { return seen[b] > (seen[a] || 0) ? b : a; }, "");
      counter.hidden = !best || !seen[best];
      counter.textContent = say("doc.page", { n: best, total: total });
    }, { threshold: [0, 0.1, 0.25, 0.5, 0.75, 1] });
    sheets.forEach(function (s) { watch.observe(s); });
    if (window.visualViewport) {
      var scale = 1;
      visualViewport.addEventListener("resize", function () { // pinched: sharper pictures
        if (visualViewport.scale > scale * 1.3) {
          scale = visualViewport.scale;
          sheets.forEach(function (s) { s.querySelector("img").sizes = Math.round(s.offsetWidth * scale) + "px"; });
        }
      });
    }
  }

  if (!form) { return; }
  var fields = all(".field", form).filter(function (f) { return f.dataset.kind !== "value" && f.dataset.kind !== "date"; });
  var spots = all(".spot");

  // Signature and initials: typed, drawn or uploaded.
  var marks = {};
  all(".mark", form).forEach(function (box) {
    var name = box.dataset.mark, text = $(name), pad = $(name + "-pad"), file = $(name + "-file"), shown = box.querySelector(".given-picture");
    var kind = form.elements[name + "_kind"], png = form.elements[name + "_png"], ink = pad.getContext("2d"), strokes = 0;
    var pictures = { drawn: "", uploaded: "" };
    var mark = marks[name] = {
      box: box, text: text,
      filled: function () { return kind.value === "typed" ? text.value.trim() !== "" : png.value !== ""; },
      picture: function () { return kind.value === "typed" ? "" : png.value; },
      asPicture: function () { // of the typed text, for a script that the typefaces lack
        png.value = typedPicture(text.value.trim());
      },
      typed: function () { return kind.value === "typed"; },
      choose: choose
    };
    box.querySelector(".ways").hidden = false;
    function choose(way) {
      kind.value = way;
      png.value = way === "typed" ? "" : pictures[way];
      all(".way", box).forEach(function (b) { b.setAttribute("aria-pressed", String(b.dataset.way === way)); });
      ["typed", "drawn", "uploaded"].forEach(function (w) { box.querySelector("." + w).hidden = w !== way; });
      text.required = way === "typed" && name === "signature";
      paint();
    }
    all(".way", box).forEach(function (b) { b.addEventListener("click", function () { choose(b.dataset.way); }); });
    text.addEventListener("input", function () { png.value = ""; paint(); });
    ink.lineWidth = 5; ink.lineCap = "round"; ink.lineJoin = "round"; ink.strokeStyle = "#0b1f5c";
    var last = null;
    function point(e) { var r = pad.getBoundingClientRect(); return [(e.clientX - r.left) * pad.width / r.width, (e.clientY - r.top) * pad.height / r.height]; }
    pad.addEventListener("pointerdown", function (e) {
      e.preventDefault();
      try { pad.setPointerCapture(e.pointerId); } catch (x) { /* not every pointer can be held */ }
      last = point(e);
      ink.beginPath(); ink.moveTo(last[0], last[1]); ink.lineTo(last[0] + 0.1, last[1]); ink.stroke();
    });
    pad.addEventListener("pointermove", function (e) {
      if (!last) { return; }
      (e.getCoalescedEvents && e.getCoalescedEvents().length ? e.getCoalescedEvents() : [e]).forEach(function (m) {
        var p = point(m);
        ink.beginPath(); ink.moveTo(last[0], last[1]); ink.lineTo(p[0], p[1]); ink.stroke();
        last = p;
      });
    });
    function lift() { if (last) { last = null; strokes++; png.value = pictures.drawn = cropped(pad); paint(); } }
    ["pointerup", "pointercancel", "lostpointercapture"].forEach(function (n) { pad.addEventListener(n, lift); });
    box.querySelector(".clear").addEventListener("click", function () {
      ink.clearRect(0, 0, pad.width, pad.height);
      strokes = 0; png.value = pictures.drawn = ""; paint();
    });
    file.addEventListener("change", function () {
      var f = file.files[0], error = $(name + "-error");
      error.hidden = true;
      if (!f) { return; }
      var reader = new FileReader(), bad = function () { error.textContent = say("mark.file.bad"); error.hidden = false; };
      reader.onerror = bad;
      reader.onload = function () {
        var image = new Image();
        image.onerror = bad;
        image.onload = function () {
          var k = Math.min(1, 1000 / image.width, 500 / image.height), c = canvas(Math.max(1, image.width * k), Math.max(1, image.height * k));
          var g = c.getContext("2d");
          g.drawImage(image, 0, 0, c.width, c.height);
          var data = g.getImageData(0, 0, c.width, c.height), p = data.data;
          for (var i = 0; i < p.length; i += 4) { if (p[i] > 225 && p[i + 1] > 225 && p[i + 2] > 225) { p[i + 3] = 0; } } // paper
          g.putImageData(data, 0, 0);
          png.value = pictures.uploaded = cropped(c);
          shown.src = "data:image/png;base64," + png.value;
          shown.hidden = false;
          paint();
        };
        image.src = reader.result;
      };
      reader.readAsDataURL(f);
    });
  });
  function canvas(w, h) { var c = document.createElement("canvas"); c.width = Math.ceil(w); c.height = Math.ceil(h); return c; }
  // cropped is the inked part of a canvas as a PNG in base64, "" without ink.
  function cropped(c) {
    var g = c.getContext("2d"), p = g.getImageData(0, 0, c.width, c.height).data, x0 = c.width, y0 = c.height, x1 = -1, y1 = -1;
    for (var y = 0; y < c.height; y++) {
      for (var x = 0; x < c.width; x++) {
        if (p[4 * (y * c.width + x) + 3] > 32) { x0 = Math.min(x0, x); x1 = Math.max(x1, x); y0 = Math.min(y0, y); y1 = Math.max(y1, y); }
      }
    }
    if (x1 < 0) { return ""; }
    var pad = 6, out = canvas(x1 - x0 + 1 + 2 * pad, y1 - y0 + 1 + 2 * pad);
    out.getContext("2d").drawImage(c, x0, y0, x1 - x0 + 1, y1 - y0 + 1, pad, pad, x1 - x0 + 1, y1 - y0 + 1);
    return out.toDataURL("image/png").split(",")[1];
  }
  function typedPicture(text) {
    var font = "italic 120px 'Segoe Script','Snell Roundhand','Brush Script MT',cursive", c = canvas(10, 10), g = c.getContext("2d");
    g.font = font;
    c.width = Math.min(1900, g.measureText(text).width + 80); c.height = 220;
    g = c.getContext("2d"); g.font = font; g.fillStyle = "#0b1f5c"; g.textBaseline = "middle";
    g.fillText(text, 30, 110, c.width - 60);
    return cropped(c);
  }

  // What stands on the pages, and what is missing.
  function input(f) { return f.dataset.mark ? null : f.querySelector("input, select"); }
  function value(f) {
    if (f.dataset.mark) { return marks[f.dataset.mark].filled() ? " " : ""; }
    var i = input(f);
    if (f.dataset.kind === "radio") { var r = f.querySelector("input:checked"); return r ? r.value : ""; }
    return i.type === "checkbox" ? (i.checked ? "✓" : "") : i.value.trim();
  }
  function required(f) { return f.dataset.mark === "signature" || "required" in f.dataset; }
  function fit(spot, span) { // the text into its place, as it will be printed
    span.style.fontSize = "";
    var wide = span.scrollWidth;
    if (wide > spot.clientWidth) { span.style.fontSize = Math.floor(95 * spot.clientWidth / wide) / 100 * parseFloat(getComputedStyle(span).fontSize) + "px"; }
  }
  function paint() {
    spots.forEach(function (s) {
      var span = s.querySelector("span");
      if (s.classList.contains("fixed") || s.classList.contains("k-value") || s.classList.contains("k-date")) { s.classList.add("filled"); fit(s, span); return; }
      var img = s.querySelector("img"), text = "", picture = "";
      var mark = s.classList.contains("k-signature") ? marks.signature : s.classList.contains("k-initials") ? marks.initials : null;
      var own = form.elements["field:" + s.id.slice(3)];
      if (mark && !(own && own.type === "checkbox" && !own.checked)) { picture = mark.picture(); text = picture ? "" : mark.text.value.trim(); }
      else if (!mark) { var f = form.querySelector('[data-field="' + s.id.slice(3) + '"]'); text = f ? value(f) : ""; }
      s.classList.toggle("filled", !!(text || picture));
      if (img) { img.remove(); }
      span.hidden = !!picture;
      if (picture) { img = document.createElement("img"); img.alt = ""; img.src = "data:image/png;base64," + picture; s.appendChild(img); }
      span.textContent = text || s.dataset.label;
      if (text) { fit(s, span); } else { span.style.fontSize = ""; }
    });
    if (pages) { pages.classList.remove("preview"); restorePictures(); }
    steps();
  }
  function todo() { return fields.filter(function (f) { return required(f) && !value(f); }); }
  var next = $("next"), previous = $("previous"), submit = $("submit"), left = $("left"), current = null, started = false;
  function steps() {
    if (!next) { return; }
    var rest = todo(), unseen = sheets.length === total ? missingPages() : [], n = rest.length + unseen.length;
    next.hidden = n === 0; submit.hidden = n > 0; left.hidden = false;
    previous.hidden = !current;
    left.textContent = n ? count("nav.left", n) : say("nav.ready");
    var ahead = upcoming(rest);
    next.textContent = !started && rest.length ? say("nav.start") : ahead ? say("nav.next", { label: ahead.dataset.label }) : say("nav.read", { n: unseen[0] });
    var who = form.elements.signature_kind.value === "typed" ? marks.signature.text.value.trim() : main.dataset.name, places = +main.dataset.places + all('[data-kind="signature"] input:checked, [data-kind="initials"] input:checked', form).length;
    submit.textContent = who ? count("button.sign.as", places, { name: who }) : count("button.sign", places);
  }
  function upcoming(rest) {
    var after = current ? rest.filter(function (f) { return fields.indexOf(f) > fields.indexOf(current); }) : rest;
    return after[0] || rest.filter(function (f) { return f !== current; })[0] || (rest.length ? rest[0] : null);
  }
  function spotsOf(f) {
    return f.dataset.mark ? spots.filter(function (s) { return s.classList.contains("k-" + f.dataset.mark); }) : spots.filter(function (s) { return s.id === "at-" + f.dataset.field; });
  }
  function go(f, at) {
    leave();
    started = true; current = f;
    f.classList.add("current");
    var here = spotsOf(f), spot = at || here[0];
    here.forEach(function (s) { s.classList.add("current"); });
    if (spot) { spot.scrollIntoView({ block: "center", inline: "center" }); }
    var focus = f.dataset.mark ? (form.elements[f.dataset.mark + "_kind"].value === "typed" ? $(f.dataset.mark) : f.querySelector('[aria-pressed="true"]')) : f.querySelector("input:checked") || input(f);
    focus.focus({ preventScroll: innerWidth < 1024 });
    steps();
  }
  function leave() {
    all(".current").forEach(function (e) { e.classList.remove("current"); });
    current = null;
  }
  function readPage(n) { leave(); steps(); var s = $("page-" + n); s.scrollIntoView({ block: "start" }); s.focus({ preventScroll: true }); }
  next.addEventListener("click", function () {
    var ahead = upcoming(todo()), unseen = missingPages();
    if (ahead) { go(ahead); } else if (unseen.length) { started = true; readPage(unseen[0]); } else { leave(); steps(); }
  });
  previous.addEventListener("click", function () { var i = fields.indexOf(current); if (i > 0) { go(fields[i - 1]); } else { leave(); steps(); } });
  spots.forEach(function (s) {
    s.addEventListener("click", function (e) {
      e.preventDefault();
      var f = form.querySelector('[data-field="' + s.id.slice(3) + '"]');
      if (!f) { f = (s.classList.contains("k-initials") ? marks.initials : marks.signature).box; }
      if (f.dataset.kind === "value" || f.dataset.kind === "date") { return; }
      var box = input(f);
      if (box && box.type === "checkbox") { box.checked = !box.checked; changed(); return; }
      go(f, s);
    });
  });
  document.addEventListener("keydown", function (e) { if (e.key === "Escape" && current) { leave(); steps(); } });
  document.addEventListener("pointerdown", function (e) { // on a phone, what is docked goes away by a tap beside it
    if (current && innerWidth < 1024 && !e.target.closest(".field, .steps, .spot")) { leave(); steps(); }
  });
  form.addEventListener("keydown", function (e) {
    if (e.key === "Enter" && e.target.tagName === "INPUT" && e.target.type !== "submit" && e.target.type !== "file") {
      e.preventDefault();
      if (todo().length) { next.click(); } else { leave(); steps(); submit.focus(); }
    }
  });

  // Drafts: kept in this browser, for a reload and a second tab, until it is signed.
  function entries() {
    var out = {};
    all("input, select", form).forEach(function (i) {
      if (!i.name || i.name === "lang" || /_png$/.test(i.name)) { return; }
      if (i.type === "radio") { if (i.checked) { out[i.name] = i.value; } return; }
      out[i.name] = i.type === "checkbox" ? (i.checked ? "true" : "") : i.value;
    });
    all('input[name$="_png"]', form).forEach(function (i) { out[i.name] = i.value; });
    return out;
  }
  // Each tab writes what it changed itself, and takes over what another tab changed;
  // agreed is what this tab and the store had in common last.
  var agreed = {};
  function stored() {
    var values = {};
    try {
      drafts().forEach(function (key) {
        var entry = JSON.parse(localStorage.getItem(key));
        if (Date.now() - entry.at <= 864e5) { values[key.slice(store.length)] = entry.value; } else { localStorage.removeItem(key); }
      });
    } catch (e) { /* storage is off */ }
    return values;
  }
  function save() {
    var now = entries();
    Object.keys(now).forEach(function (name) {
      if (now[name] === agreed[name]) { return; }
      agreed[name] = now[name];
      try { localStorage.setItem(store + name, JSON.stringify({ at: Date.now(), value: now[name] })); } catch (e) { /* storage is off or full */ }
    });
  }
  function load() {
    if (!problems.hidden) { return; }
    var values = stored(), names = Object.keys(values).filter(function (name) { return values[name] !== agreed[name]; });
    names.forEach(function (name) {
      var v = agreed[name] = values[name];
      all("[name]", form).forEach(function (i) {
        if (i.name !== name || name === "time_zone" || i === document.activeElement && i.type !== "radio" && i.type !== "checkbox") { return; }
        if (i.type === "radio") { i.checked = i.value === v; } else if (i.type === "checkbox") { i.checked = v === "true"; } else { i.value = v; }
      });
    });
    Object.keys(marks).forEach(function (name) {
      var way = values[name + "_kind"], png = values[name + "_png"];
      if (names.indexOf(name + "_kind") < 0 && names.indexOf(name + "_png") < 0) { return; }
      if (way === "typed") { marks[name].choose(way); } else if (way && png) { restoreMark(name, way, png); }
    });
  }
  function restoreMark(name, way, png) {
    marks[name].choose(way);
    form.elements[name + "_png"].value = png;
    var image = new Image();
    image.onload = function () {
      var pad = $(name + "-pad");
      if (way === "drawn") { var k = Math.min(1, pad.width / image.width, pad.height / image.height); pad.getContext("2d").drawImage(image, (pad.width - image.width * k) / 2, (pad.height - image.height * k) / 2, image.width * k, image.height * k); }
      else { var shown = marks[name].box.querySelector(".given-picture"); shown.src = image.src; shown.hidden = false; }
    };
    image.src = "data:image/png;base64," + png;
  }
  function changed() { paint(); save(); }
  form.addEventListener("input", changed);
  form.addEventListener("change", changed);
  form.addEventListener("pointerup", function () { setTimeout(save); });
  window.addEventListener("storage", function (e) { if (e.key && e.key.indexOf(store) === 0 && e.newValue) { load(); paint(); } });

  // The signer's zone is the device's.
  var zone = form.elements.time_zone, zoneNow = $("zone-now");
  try {
    var own = Intl.DateTimeFormat().resolvedOptions().timeZone;
    if (own && problems.hidden) {
      if (!all("option", zone).some(function (o) { return o.value === own; })) { zone.add(new Option(own, own)); }
      zone.value = own;
    }
  } catch (e) { /* the zone that is set stays */ }
  zone.addEventListener("change", function () { zoneNow.textContent = zone.value; });

  // Sending: the answer is the page again with what is wrong, or the end.
  function post(to, more) {
    var data = new URLSearchParams(new FormData(form));
    Object.keys(more || {}).forEach(function (k) { data.set(k, more[k]); });
    return fetch(form.action.replace(/\/sign$/, to), { method: "POST", body: data, headers: { Accept: "text/html, image/png" }, redirect: "manual" });
  }
  function show(doc) {
    var fresh = doc.getElementById("errors");
    if (!fresh || fresh.hidden) { location.reload(); return; }
    all("[aria-invalid]", form).forEach(function (i) { i.removeAttribute("aria-invalid"); i.removeAttribute("aria-describedby"); });
    all(".error", form).forEach(function (p) {
      var now = doc.getElementById(p.id);
      p.hidden = !now || now.hidden;
      p.textContent = now ? now.textContent : "";
      var i = $(p.id.replace(/-error$/, ""));
      if (i && !p.hidden) { i.setAttribute("aria-invalid", "true"); i.setAttribute("aria-describedby", p.id); }
      spots.forEach(function (s) { if (s.id === "at-" + p.id.replace(/-error$/, "")) { s.classList.toggle("wrong", !p.hidden); } });
    });
    problems.querySelector("ul").replaceChildren.apply(problems.querySelector("ul"), all("li", fresh));
    problem();
  }
  function problem(text) {
    if (text) { var li = document.createElement("li"); li.textContent = text; problems.querySelector("ul").replaceChildren(li); }
    leave(); steps();
    problems.hidden = false; scrollTo(0, 0); problems.focus({ preventScroll: true });
    tell("error", { code: text ? "offline" : "invalid" });
  }
  problems.addEventListener("click", function (e) {
    var a = e.target.closest("a"); if (!a) { return; }
    var id = a.hash.slice(1), f = form.querySelector('[data-field="' + id + '"]') || (marks[id] && marks[id].box);
    if (f) { e.preventDefault(); go(f); } else if (/^page-/.test(id)) { e.preventDefault(); readPage(id.slice(5)); }
  });
  var busy = false;
  function send(again) {
    if (busy) { return; }
    busy = true; submit.disabled = true; submit.textContent = say("button.signing");
    var free = function () { busy = false; submit.disabled = false; steps(); };
    post("/sign").then(function (r) {
      if (r.type === "opaqueredirect" || r.redirected || r.ok) { history.scrollRestoration = "manual"; location.reload(); return; }
      return r.text().then(function (html) {
        free();
        var doc = new DOMParser().parseFromString(html, "text/html");
        var lacking = all('#errors [data-rule="glyph_missing"]', doc).map(function (li) { return marks[li.dataset.input]; }).filter(function (m) { return m && m.typed(); });
        if (lacking.length && !again) { lacking.forEach(function (m) { m.asPicture(); }); send(true); return; }
        show(doc);
      });
    }).catch(function () { free(); save(); problem(say("offline")); });
  }
  form.noValidate = true;
  form.addEventListener("submit", function (e) { e.preventDefault(); save(); send(); });

  // The preview shows the pages as they will be signed.
  var preview = $("preview"), note = $("preview-note"), kept = [];
  function restorePictures() { kept.forEach(function (k) { k.img.srcset = k.srcset; k.img.src = k.src; }); if (kept.length) { kept = []; note.textContent = ""; } }
  if (preview) {
    preview.parentNode.hidden = false;
    preview.addEventListener("click", function () {
      var which = sheets.filter(function (s) { return s.querySelector(".spot"); });
      Promise.all(which.map(function (s) {
        return post("/preview", { page: s.dataset.page }).then(function (r) {
          if (!r.ok) { throw new Error("refused"); }
          return r.blob();
        }).then(function (b) {
          return new Promise(function (done) { var f = new FileReader(); f.onload = function () { done([s, f.result]); }; f.readAsDataURL(b); });
        });
      })).then(function (got) {
        leave(); steps();
        got.forEach(function (g) {
          var img = g[0].querySelector("img");
          kept.push({ img: img, src: img.src, srcset: img.srcset });
          img.srcset = ""; img.src = g[1];
        });
        pages.classList.add("preview");
        note.textContent = say("preview.shown");
        if (got[0]) { got[0][0].scrollIntoView({ block: "start" }); }
      }).catch(function () { note.textContent = say("preview.failed"); });
    });
  }
  agreed = entries(); load(); readText(); paint();
})();
