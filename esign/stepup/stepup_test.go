package stepup_test

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/evaultlib/evault/esign/stepup"
)

var now = time.Date(2026, 12, 1, 12, 0, 0, 0, time.UTC)

func TestOneTimeCode(t *testing.T) {
	t.Parallel()
	var s stepup.State
	secret := []byte("0123456789abcdef0123456789abcdef")
	if err := s.Answer(true, true, now); !errors.Is(err, stepup.ErrNone) {
		t.Errorf("before a code: got %v, want ErrNone", err)
	}
	if err := s.Send("k1", rand.Reader, now); err != nil {
		t.Fatal(err)
	}
	code := s.Code(secret, "sgn_a", 1)
	others := map[string]string{
		"signer": s.Code(secret, "sgn_b", 1), "link": s.Code(secret, "sgn_a", 2), "key": s.Code(secret[1:], "sgn_a", 1),
	}
	same := 0
	for _, other := range others {
		if other == code {
			same++
		}
	}
	if len(code) != 6 || strings.Trim(code, "0123456789") != "" || same > 1 {
		t.Errorf("code %q, others %v", code, others)
	}
	if b, err := json.Marshal(s); err != nil || strings.Contains(string(b), code) {
		t.Errorf("the record %s holds the code, %v", b, err)
	}
	if !stepup.Same(code, code[:3]+" "+code[3:]) || stepup.Same(code, code[:5]) || stepup.Same(code, "") {
		t.Error("codes are compared wrongly")
	}
	if err := s.Answer(true, true, now.Add(stepup.CodeLife)); !errors.Is(err, stepup.ErrNone) {
		t.Errorf("expired: got %v, want ErrNone", err)
	}
	if err := s.Answer(true, true, now.Add(stepup.CodeLife-1)); err != nil || !s.Passed(now) {
		t.Errorf("right: got %v, passed %t", err, s.Passed(now))
	}
	if err := s.Answer(true, true, now); !errors.Is(err, stepup.ErrNone) {
		t.Errorf("a second time: got %v, want ErrNone", err)
	}
	if s.Passed(now.Add(stepup.CodeLife + stepup.PassLife)) {
		t.Error("the pass does not end")
	}
}

func TestGuessesAreBounded(t *testing.T) {
	t.Parallel()
	var s stepup.State
	guesses, at := 0, now
	for {
		at = at.Add(time.Minute)
		if err := s.Send("k1", rand.Reader, at); err != nil {
			if !errors.Is(err, stepup.ErrLocked) {
				t.Fatal(err)
			}
			break
		}
		for ; !errors.Is(s.Answer(false, true, at), stepup.ErrLocked); guesses++ {
		}
		if err := s.Answer(true, true, at); !errors.Is(err, stepup.ErrLocked) {
			t.Fatalf("the right code after too many wrong ones: got %v, want ErrLocked", err)
		}
	}
	if guesses != stepup.MaxTries*stepup.MaxCodes {
		t.Errorf("%d guesses in a day, want %d", guesses, stepup.MaxTries*stepup.MaxCodes)
	}
	if err := s.Send("k1", rand.Reader, now.Add(25*time.Hour)); err != nil {
		t.Errorf("a day later: got %v", err)
	}
	s.Unlock()
	if err := s.Send("k1", rand.Reader, at); err != nil || s.Answer(true, true, at) != nil {
		t.Errorf("unlocked: got %v", err)
	}
}

func TestAccessCode(t *testing.T) {
	t.Parallel()
	hash, err := stepup.HashAccess("Maple 42", rand.Reader)
	if err != nil || strings.Contains(hash, "Maple") {
		t.Fatalf("got %q, %v", hash, err)
	}
	for code, want := range map[string]bool{"Maple 42": true, " Maple 42\n": true, "maple 42": false, "": false} {
		if got := stepup.SameAccess(hash, code); got != want {
			t.Errorf("%q: got %t, want %t", code, got, want)
		}
	}
	if stepup.SameAccess("", "") || stepup.SameAccess("$argon2id$v=19$m=32768,t=3,p=1$", "") {
		t.Error("a damaged hash has a code")
	}
	s := stepup.State{Access: hash}
	for range stepup.MaxTries {
		if err := s.Answer(false, false, now); !errors.Is(err, stepup.ErrWrong) {
			t.Errorf("got %v, want ErrWrong", err)
		}
	}
	if err := s.Answer(true, false, now.Add(48*time.Hour)); !errors.Is(err, stepup.ErrLocked) {
		t.Errorf("got %v, want ErrLocked until the sender reminds", err)
	}
	s.Unlock()
	if err := s.Answer(true, false, now); err != nil {
		t.Error(err)
	}
	if s.Reset(); s.Access != hash || s.Passed(now) {
		t.Errorf("after a reset: %+v", s)
	}
}
