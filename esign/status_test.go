package esign_test

import (
	"errors"
	"testing"

	"github.com/evaultlib/evault/esign"
)

// TestTransitions walks every status × every verb. A letter is the first of the
// status that follows, "." is a refusal.
func TestTransitions(t *testing.T) {
	t.Parallel()
	statuses := []esign.Status{
		esign.StatusPending, esign.StatusUploaded, esign.StatusPreparing, esign.StatusSent, esign.StatusViewed, esign.StatusSigned,
		esign.StatusCompleted, esign.StatusVaulted, esign.StatusReleased, esign.StatusDeclined, esign.StatusVoided, esign.StatusExpired,
	}
	short := map[byte]esign.Status{
		'p': esign.StatusPending, 'u': esign.StatusUploaded, 'r': esign.StatusPreparing, 's': esign.StatusSent, 'w': esign.StatusViewed,
		'g': esign.StatusSigned, 'c': esign.StatusCompleted, 'v': esign.StatusVaulted, 'l': esign.StatusReleased,
		'd': esign.StatusDeclined, 'x': esign.StatusVoided, 'e': esign.StatusExpired,
	}
	//                    columns: purswgcvldxe
	table := map[esign.Verb]string{
		esign.VerbUpload:   "uu..........",
		esign.VerbSend:     "..s.........",
		esign.VerbView:     "...ww.......",
		esign.VerbConsent:  "...sw.......",
		esign.VerbWithdraw: "...swgcvl...",
		esign.VerbSign:     "....w.......",
		esign.VerbFinish:   "....g.......",
		esign.VerbSeal:     ".....c......",
		esign.VerbDecline:  "...dd.......",
		esign.VerbVoid:     "xxxxx.....x.",
		esign.VerbExpire:   "...ee.......",
		esign.VerbRemind:   "...sw.......",
		esign.VerbDelegate: "...sw.......",
		esign.VerbCorrect:  "..rsw.......",
		esign.VerbLinks:    "...swgcvl...",
		esign.VerbMark:     "...swgcvl...",
		esign.VerbComplete: ".u....cvl...",
		esign.VerbGiveOut:  "......c.....",
		esign.VerbVault:    ".v....v.....",
		esign.VerbEvaluate: ".......vl...",
		esign.VerbRelease:  ".......l....",
		esign.VerbDispose:  "........l...",
	}
	for verb, row := range table {
		for i, s := range statuses {
			got, err := s.After(verb)
			if row[i] == '.' {
				var se *esign.StateError
				if !errors.Is(err, esign.ErrState) || !errors.As(err, &se) || se.Verb != verb || se.Status != s || got != s {
					t.Errorf("%s %s: got %s, %v, want a refusal", s, verb, got, err)
				}
			} else if err != nil || got != short[row[i]] {
				t.Errorf("%s %s: got %s, %v, want %s", s, verb, got, err, short[row[i]])
			}
		}
	}
	if _, err := esign.StatusSent.After("unheard of"); !errors.Is(err, esign.ErrState) {
		t.Errorf("unknown verb: got %v", err)
	}
	if _, err := esign.Status("odd").After(esign.VerbVoid); !errors.Is(err, esign.ErrState) {
		t.Errorf("unknown status: got %v", err)
	}
}
