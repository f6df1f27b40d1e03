// Command embed is a partner's web application with a widget in its page. For each
// view its server asks evault for a token, with the API key, which no browser sees.
//
//	go run ./examples/server origins set http://localhost:3000
//	go run ./examples/embed -key lk_… -envelope env_… -email ada@example.com
//
// Then open http://localhost:3000. With -widget vault it shows the vault's page of a
// vaulted envelope. docs/embedding.md has the protocol.
//
// Stability: an example to read and copy; flags and output may change with any version.
package main

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"html/template"
	"log"
	"net/http"
	"time"
)

var page = template.Must(template.New("").Parse(`<!DOCTYPE html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Partner</title>
<h1>Your loan</h1>
<div id="widget"></div>
<ol id="events"></ol>
<script src="{{.API}}/embed.js"></script>
<script>
function note(m) {
  var li = document.createElement("li");
  li.textContent = m.event + (m.code ? " " + m.code : "");
  document.getElementById("events").append(li);
}
evault.embed(document.getElementById("widget"), {
  url: {{.URL}},
  on: { ready: note, height: note, viewed: note, consented: note, signed: note, declined: note, error: note }
});
</script>
`))

// widget is what a token is asked for.
type widget struct {
	EnvelopeID string `json:"envelope_id"`
	UserEmail  string `json:"user_email"`
	WidgetType string `json:"widget_type"`
	Origin     string `json:"origin"`
}

func main() {
	var w widget
	api := flag.String("api", "http://127.0.0.1:8080/api/v2", "where evault's routes are")
	key := flag.String("key", "", "API key with esign:write, or vault:read for -widget vault")
	addr := flag.String("addr", "localhost:3000", "address to listen on")
	flag.StringVar(&w.EnvelopeID, "envelope", "", "envelope id")
	flag.StringVar(&w.UserEmail, "email", "", "e-mail address of the signer, or of the user of the vault")
	flag.StringVar(&w.WidgetType, "widget", "sign", "sign or vault")
	flag.Parse()
	w.Origin = "http://" + *addr
	http.HandleFunc("GET /{$}", func(out http.ResponseWriter, r *http.Request) {
		address, err := embedURL(*api, *key, w) // a product takes the envelope and the address from its own session
		if err != nil {
			log.Print(err)
			http.Error(out, "The document cannot be shown now.", http.StatusBadGateway)
			return
		}
		out.Header().Set("Cache-Control", "no-store")                   // the address works once
		_ = page.Execute(out, struct{ API, URL string }{*api, address}) // an error means that the client has gone
	})
	log.Fatal((&http.Server{Addr: *addr, ReadHeaderTimeout: 10 * time.Second}).ListenAndServe())
}

// embedURL asks for a token: the address of a widget, for one person and one view.
func embedURL(api, key string, w widget) (string, error) {
	body, err := json.Marshal(w)
	if err != nil {
		return "", err
	}
	req, err := http.NewRequest(http.MethodPost, api+"/embed/token", bytes.NewReader(body))
	if err != nil {
		return "", err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("X-API-Key", key)
	res, err := (&http.Client{Timeout: 10 * time.Second}).Do(req)
	if err != nil {
		return "", err
	}
	defer res.Body.Close()
	var answer struct {
		Data struct {
			URL string `json:"embed_url"`
		} `json:"data"`
		Detail string `json:"detail"`
	}
	if err := json.NewDecoder(res.Body).Decode(&answer); err != nil || res.StatusCode != http.StatusOK {
		return "", fmt.Errorf("embed/token: %s %s", res.Status, answer.Detail)
	}
	return answer.Data.URL, nil
}
