package texts_test

import (
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/evaultlib/evault/esign/texts"
)

func TestEveryLanguageIsComplete(t *testing.T) {
	t.Parallel()
	if _, err := texts.New(); err != nil {
		t.Fatal(err)
	}
	half := texts.Spanish()
	half.Tag = "pt"
	half.Texts["sign.until"] = "Assine antes de {date}." // another value
	half.Texts["sign.unknown"] = "?"
	delete(half.Texts, "sign.asks")
	_, err := texts.New(half)
	for _, want := range []string{`"pt"`, "sign.asks is missing", "sign.until has the values [{date}], want [{time}]", "sign.unknown is unknown"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
}

// TestHostAddsALanguage: a further language is chosen like ours, and one of ours can be replaced.
func TestHostAddsALanguage(t *testing.T) {
	t.Parallel()
	formal := texts.English()
	formal.Texts["sign.asks"] = "{sender} requests a signature"
	french := texts.Language{Tag: "fr", Name: "Français", Texts: maps.Clone(formal.Texts)}
	c, err := texts.New(formal, french)
	if err != nil {
		t.Fatal(err)
	}
	for header, want := range map[string]string{
		"fr-CA,fr;q=0.9,en;q=0.8": "fr", "de, es-MX;q=0.7": "es", "en-US": "en", "zh": "en", "": "en", "fr;q=0, es": "es", ";;,=": "en",
	} {
		if got := c.Match(header); got.Tag != want {
			t.Errorf("%q: got %s, want %s", header, got.Tag, want)
		}
	}
	if got := c.Match("es", "fr").Tag; got != "es" {
		t.Errorf("the first list is not preferred: %s", got)
	}
	if got := c.Match("en").Say("sign.asks", "sender", "{name} & Co"); got != "{name} & Co requests a signature" {
		t.Errorf("got %q", got)
	}
}

func TestDatesAndCounts(t *testing.T) {
	t.Parallel()
	c, err := texts.New()
	if err != nil {
		t.Fatal(err)
	}
	zone, err := time.LoadLocation("America/Los_Angeles")
	if err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, 11, 29, 1, 5, 0, 0, time.UTC).In(zone)
	for tag, want := range map[string]string{
		"en": "November 28, 2026, 5:05 PM (Los Angeles time)", "es": "28 de noviembre de 2026, 17:05 (hora de Los Angeles)",
	} {
		if got := c.Match(tag).Moment(at); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	en := c.Match("en")
	if one, two := en.Count("nav.left", 1), en.Count("nav.left", 2); one != "1 thing to do" || two != "2 things to do" {
		t.Errorf("got %q and %q", one, two)
	}
}
