package pades_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/evaultlib/evault/esign/pades"
	"github.com/evaultlib/evault/internal/pdf"
	"github.com/evaultlib/evault/internal/pdf/acroform"
	"github.com/evaultlib/evault/internal/pdf/signing"
	"github.com/evaultlib/evault/internal/testenv"
	"github.com/evaultlib/evault/internal/testpdf"
)

const buyer = "Parties.Buyer"

func inBuyer(r *pades.SealRequest) { r.Field = buyer }

// references returns the transform methods with their parameters of a sealed field's signature, as PDF syntax, and the
// field.
func references(t *testing.T, raw []byte, field string) (map[pdf.Name]string, pdf.Dict) {
	t.Helper()
	d := mustOpen(t, raw)
	fields, err := acroform.SignatureFields(d)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range fields {
		if f.Name != field {
			continue
		}
		sig, err := signing.ReadSignature(d, f.Value)
		if err != nil {
			t.Fatal(err)
		}
		list, err := d.Array(sig.Dict["Reference"])
		if err != nil {
			t.Fatal(err)
		}
		out := map[pdf.Name]string{}
		for _, o := range list {
			ref, err := d.Dict(o)
			if err != nil || ref["Type"] != pdf.Name("SigRef") {
				t.Fatalf("reference %v: %v", ref, err)
			}
			if ref["TransformMethod"] == pdf.Name("FieldMDP") && ref["Data"] != pdf.Object(d.Root()) {
				t.Errorf("/Data is %v, not the catalog", ref["Data"])
			}
			out[d.Name(ref["TransformMethod"])] = string(pdf.Append(nil, ref["TransformParams"]))
		}
		return out, f.Dict
	}
	t.Fatalf("no field %q", field)
	return nil, nil
}

// TestLockByRequest gives a new field a lock, and the signature the same.
func TestLockByRequest(t *testing.T) {
	t.Parallel()
	s := sealer(t, pki().Seal)
	for name, tc := range map[string]struct {
		lock    pades.Lock
		field   string
		params  string
		blocked bool
	}{
		"all": {
			pades.Lock{Action: pades.LockAll},
			"<</Action /All /Type /SigFieldLock>>",
			"<</Action /All /Type /TransformParams /V /1.2>>", true,
		},
		"two": {
			pades.Lock{Action: pades.LockInclude, Fields: []string{"Price", "Größe.Ł"}},
			"<</Action /Include /Fields [(Price) <FEFF0047007200F600DF0065002E0141>] /Type /SigFieldLock>>", "", false,
		},
		"all but one, and no more comments": {
			pades.Lock{Action: pades.LockExclude, Fields: []string{"Initials"}, Permission: 2},
			"<</Action /Exclude /Fields [(Initials)] /P 2 /Type /SigFieldLock>>",
			"<</Action /Exclude /Fields [(Initials)] /P 2 /Type /TransformParams /V /1.2>>", false,
		},
		"for good": {pades.Lock{Action: pades.LockInclude, Fields: []string{"A"}, Permission: 1}, "", "", true},
	} {
		for origin, raw := range files() {
			one := seal(t, s, raw, func(r *pades.SealRequest) { r.Lock = &tc.lock })
			r := wantOK(t, one, 1)
			got, field := references(t, one, r.Signatures[0].Field)
			if tc.params != "" && got["FieldMDP"] != tc.params {
				t.Errorf("%s, %s: got %v, want %s", origin, name, got, tc.params)
			}
			lock, err := mustOpen(t, one).Dict(field["Lock"])
			if err != nil || (tc.field != "" && string(pdf.Append(nil, lock)) != tc.field) {
				t.Errorf("%s, %s: /Lock %s, %v", origin, name, pdf.Append(nil, lock), err)
			}
			wantOK(t, extendFile(t, extender(t), one), 2)
			again, err := s.Seal(context.Background(), pades.SealRequest{PDF: one})
			if tc.blocked {
				if !errors.Is(err, pades.ErrNotExtendable) {
					t.Errorf("%s, %s: sealed again: %v", origin, name, err)
				}
				continue
			}
			if err != nil {
				t.Fatalf("%s, %s: %v", origin, name, err)
			}
			wantOK(t, append(bytes.Clone(one), again.Appended...), 2)
		}
	}
}

func TestLockByRequestRefuses(t *testing.T) {
	t.Parallel()
	s, plain := sealer(t, pki().Seal), testpdf.New(testpdf.Options{})
	for _, lock := range []pades.Lock{
		{},
		{Action: "all"},
		{Action: pades.LockAll, Fields: []string{"A"}},
		{Action: pades.LockInclude},
		{Action: pades.LockExclude, Fields: []string{"A", ""}},
		{Action: pades.LockInclude, Fields: make([]string, 10_001)},
		{Action: pades.LockAll, Permission: 4},
		{Action: pades.LockAll, Permission: -1},
	} {
		if _, err := s.Seal(context.Background(), pades.SealRequest{PDF: plain, Lock: &lock}); err == nil ||
			!strings.Contains(err.Error(), "SealRequest.Lock") {
			t.Errorf("%.60s: got %v", fmt.Sprint(lock), err)
		}
	}
	_, err := s.Seal(
		context.Background(),
		pades.SealRequest{PDF: withField(testpdf.Classic, "", ""), Field: buyer, Lock: &pades.Lock{Action: pades.LockAll}},
	)
	var got *pades.FieldError
	if !errors.As(err, &got) {
		t.Errorf("a lock for a field that is there: got %v", err)
	}
}

// TestLockedFieldsStayEmpty: what an earlier seal froze is not sealed in, nor does a new field get a frozen name.
func TestLockedFieldsStayEmpty(t *testing.T) {
	t.Parallel()
	s, ctx := sealer(t, pki().Seal), context.Background()
	for name, tc := range map[string]struct {
		lock   pades.Lock
		frozen bool
	}{
		"the field": {
			pades.Lock{Action: pades.LockInclude, Fields: []string{buyer, "Seal 2", "Seal 3", "Timestamp 1"}}, true,
		},
		"its parent":          {pades.Lock{Action: pades.LockInclude, Fields: []string{"Parties"}}, true},
		"another":             {pades.Lock{Action: pades.LockInclude, Fields: []string{"Parties.Seller", "Buyer"}}, false},
		"all but another":     {pades.Lock{Action: pades.LockExclude, Fields: []string{"Parties.Seller"}}, true},
		"all but the field":   {pades.Lock{Action: pades.LockExclude, Fields: []string{buyer}}, false},
		"all but, no comment": {pades.Lock{Action: pades.LockExclude, Fields: []string{buyer}, Permission: 2}, false},
	} {
		one := seal(t, s, withField(testpdf.Classic, "", ""), func(r *pades.SealRequest) { r.Lock = &tc.lock })
		wantOK(t, extendFile(t, extender(t), seal(t, s, one)), 3)
		got, err := s.Seal(ctx, pades.SealRequest{PDF: one, Field: buyer})
		var refusal *pades.FieldError
		switch {
		case tc.frozen:
			if !errors.As(err, &refusal) {
				t.Errorf("%s: got %v", name, err)
			}
		case err != nil:
			t.Errorf("%s: %v", name, err)
		default:
			wantOK(t, append(bytes.Clone(one), got.Appended...), 2)
		}
	}
}

// TestLocksByOtherTools asks pdfsig, qpdf, mutool and openssl about seals with locks, alone and of level B-LTA.
func TestLocksByOtherTools(t *testing.T) {
	testenv.Tools(t)
	j, s := newJudges(t), sealer(t, pki().Seal)
	for _, kind := range testpdf.Structures() {
		raw := withField(kind, "", "")
		one := seal(t, s, raw, inBuyer)
		two := seal(t, s, one, func(r *pades.SealRequest) { r.Lock = &pades.Lock{Action: pades.LockAll, Permission: 1} })
		j.ask(t, kind.String()+", in a field", one, pades.LevelBT, 1)
		j.ask(t, kind.String()+", lock by request", two, pades.LevelBT, 2)
		j.ask(t, kind.String()+", extended", extendFile(t, extender(t), two), pades.LevelBLTA, 2)
	}
}

// TestLocksThatSealsMakeAreJudged fills in a certified form after a seal that locks some of it.
func TestLocksThatSealsMakeAreJudged(t *testing.T) {
	t.Parallel()
	s, all := sealer(t, pki().RSA()), fills(t)
	lock := func(l pades.Lock) func(*pades.SealRequest) { return func(r *pades.SealRequest) { r.Lock = &l } }
	plain := func(kind testpdf.Structure) []byte { return certified(t, formFile(kind, "", nil), 2) }
	for name, tc := range map[string]struct {
		raw            func(kind testpdf.Structure) []byte
		change         func(*pades.SealRequest)
		allows, locked string // of [fills]; allows is "" for none
	}{
		"include": {
			plain, lock(pades.Lock{Action: pades.LockInclude, Fields: []string{"Amount", "Party"}}), "check box",
			"below another",
		},
		"exclude": {plain, lock(pades.Lock{Action: pades.LockExclude, Fields: []string{"Amount"}}), "text", "check box"},
		"all":     {plain, lock(pades.Lock{Action: pades.LockAll}), "", "check box"},
		"for good": {
			plain, lock(pades.Lock{Action: pades.LockInclude, Fields: []string{"Amount"}, Permission: 1}), "", "check box",
		},
	} {
		for _, kind := range testpdf.Structures() {
			raw := seal(t, s, tc.raw(kind), tc.change)
			r := wantOK(t, raw, 2)
			if len(r.Signatures[1].Locks) == 0 {
				t.Errorf("%s, %s: the report names no lock", name, kind)
			}
			wantOK(t, extendFile(t, extender(t), raw), 3)
			if tc.allows != "" {
				if filled := verify(t, increment(t, raw, all[tc.allows].do)); !unbroken(filled) ||
					filled.Signatures[1].ChangesAfter != pades.ChangesFilled {
					t.Errorf("%s, %s: filled in as the lock allows: %s", name, kind, problems(filled))
				}
			}
			bad := verify(t, increment(t, raw, all[tc.locked].do))
			if unbroken(bad) || bad.Signatures[1].ChangesAfter != pades.ChangesFilled {
				t.Errorf("%s, %s: filled in against the lock: %s", name, kind, problems(bad))
			}
		}
	}
}

// TestSubjectOfATransform: a signature of others whose reference names the catalog as what it is about (ISO 32000-2
// table 256) lets validation material come, but nothing else that names the catalog does.
func TestSubjectOfATransform(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		sig pdf.Dict
		ok  bool
	}{
		"the catalog": {
			pdf.Dict{
				"Reference": pdf.Array{
					pdf.Dict{
						"TransformMethod": pdf.Name("FieldMDP"),
						"TransformParams": pdf.Dict{"Action": pdf.Name("Include"), "Fields": pdf.Array{pdf.String("A")}},
						"Data":            pdf.Ref{Num: 1},
					},
				},
			},
			true,
		},
		"another entry": {
			pdf.Dict{"Reference": pdf.Array{pdf.Dict{"TransformMethod": pdf.Name("FieldMDP"), "Other": pdf.Ref{Num: 1}}}},
			false,
		},
		"not by a reference": {pdf.Dict{"Prop_Build": pdf.Dict{"Data": pdf.Ref{Num: 1}}}, false},
		"within a list": {
			pdf.Dict{
				"Reference": pdf.Array{pdf.Dict{"TransformMethod": pdf.Name("FieldMDP"), "Data": pdf.Array{pdf.Ref{Num: 1}}}},
			},
			false,
		},
	} {
		raw := foreign{id: pki().RSA(), subFilter: pkcs7Sub, sig: tc.sig}.sign(t, testpdf.New(testpdf.Options{}))
		raw = increment(t, raw, func(u *pdf.Update) {
			m := u.AddStream(pdf.Dict{"Type": pdf.Name("Metadata"), "Subtype": pdf.Name("XML")}, []byte("<x/>"))
			editCatalog(t, u, func(c pdf.Dict) { c["Metadata"] = m })
		})
		if r := verify(t, raw); r.OK() != tc.ok {
			t.Errorf("%s: OK is %v: %s", name, r.OK(), problems(r))
		}
	}
}
