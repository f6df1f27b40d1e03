package certificate

import (
	"bytes"
	"crypto"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/evaultlib/evault/internal/canonjson"
	"github.com/evaultlib/evault/internal/jws"
	"github.com/evaultlib/evault/vault/keyring"
	"github.com/evaultlib/evault/vault/translog"
)

// ErrInvalid is returned for everything that is not a certificate
// signed by one of the keys given, whole and consistent in itself.
var ErrInvalid = errors.New("certificate: not valid")

// Keys are what a certificate is verified against. They come from a source that
// the verifier trusts, such as the issuer's jwks.json and log keys (ParseKeys), never
// from the certificate itself.
type Keys struct {
	Certificate keyring.Keys   // those of purpose certificate; others verify nothing here
	Log         []translog.Key // of the transparency log
}

// ParseKeys reads an issuer's jwks.json and the keys of its log: one verifier key a
// line, then, where known, from when and until when it was in use ("-" for a time
// that is not known, or not yet). Lines that begin with # are comments. Keys of
// another purpose than certificates are left out.
func ParseKeys(jwks, log []byte) (Keys, error) {
	set, err := keyring.ParseJWKS(jwks)
	if err != nil {
		return Keys{}, fmt.Errorf("certificate: %w", err)
	}
	keys := Keys{Certificate: set.Of(keyring.Certificate)}
	for line := range strings.Lines(string(log)) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		k, err := translog.ParseKey(line)
		if err != nil {
			return Keys{}, fmt.Errorf("certificate: log key: %w", err)
		}
		keys.Log = append(keys.Log, k)
	}
	switch {
	case len(keys.Certificate) == 0:
		return Keys{}, errors.New("certificate: the key set has no key for certificates")
	case len(keys.Log) == 0:
		return Keys{}, errors.New("certificate: a key of the log is required")
	}
	return keys, nil
}

// Verify reads a certificate's JWS and checks, without network or
// store: the signature, by a certificate key that was in use when it was issued; that
// the payload is the one spelling of a certificate of a known version; the checkpoint's
// signature; the inclusion proof of every event, recomputed from its canonical bytes;
// that the certificate says what those events say; and that it adds up. It does not tell whether the certificate was
// superseded since. Every failure wraps ErrInvalid.
func Verify(token string, keys Keys) (*Certificate, error) {
	return formats().verify(token, keys)
}

func (t formatTable) verify(token string, keys Keys) (*Certificate, error) {
	payload, kid, err := keys.Certificate.OpenJWS(token, typ, keyring.Certificate)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	c, err := t.parse(payload)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	if err := keys.Certificate.Check(keyring.Certificate, kid, c.IssuedAt.Time); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	if err := c.checkLog(keys.Log); err != nil {
		return nil, fmt.Errorf("%w: log: %w", ErrInvalid, err)
	}
	if err := t.checkSense(c, kid); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	c.JWS = token
	return c, nil
}

// VerifyDocument is Verify for a certificate as the API serves it: the
// object with its jws. The object must say exactly what the JWS says.
func VerifyDocument(document []byte, keys Keys) (*Certificate, error) {
	if err := canonjson.Distinct(document); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	d := json.NewDecoder(bytes.NewReader(document))
	d.UseNumber()
	var object map[string]any
	if err := d.Decode(&object); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	token, ok := object["jws"].(string)
	if !ok {
		return nil, fmt.Errorf("%w: it has no jws", ErrInvalid)
	}
	c, err := Verify(token, keys)
	if err != nil {
		return nil, err
	}
	delete(object, "jws")
	said, err := canonjson.Marshal(object)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	signed, err := c.payload()
	if err != nil || !bytes.Equal(said, signed) {
		return nil, fmt.Errorf("%w: the document differs from what was signed", ErrInvalid)
	}
	return c, nil
}

// VerifyFile is VerifyDocument for a certificate as people keep it: the object, the
// API's whole answer {"data":object} with nothing beside it, or the compact JWS, as
// a release package holds it. White space around it does not count.
func VerifyFile(content []byte, keys Keys) (*Certificate, error) {
	content = bytes.TrimSpace(content)
	if !bytes.HasPrefix(content, []byte("{")) {
		return Verify(string(content), keys)
	}
	if err := canonjson.Distinct(content); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	var answer map[string]json.RawMessage
	if err := json.Unmarshal(content, &answer); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	data, wrapped := answer["data"]
	switch {
	case !wrapped:
		return VerifyDocument(content, keys)
	case len(answer) > 1:
		return nil, fmt.Errorf("%w: there are members other than data", ErrInvalid)
	}
	return VerifyDocument(data, keys)
}

// Document returns the certificate as the API serves it: canonical JSON of the
// object with its jws. VerifyDocument reads it.
func (c Certificate) Document() ([]byte, error) { return canonjson.Marshal(c) }

// Sign returns the JWS of c, by an Ed25519 key whose id in jwks.json is keyID.
func (c Certificate) Sign(signer crypto.Signer, keyID string) (string, error) {
	payload, err := c.payload()
	if err != nil {
		return "", err
	}
	return jws.Sign(signer, keyID, typ, payload)
}

// payload is what the JWS signs.
func (c Certificate) payload() ([]byte, error) {
	c.JWS = ""
	return canonjson.Marshal(c)
}

// parse reads a payload and refuses every spelling but payload's own.
func (t formatTable) parse(payload []byte) (*Certificate, error) {
	var c Certificate
	if err := canonjson.Unmarshal(payload, &c); err != nil {
		return nil, err
	}
	if _, known := t.of(c.Version); !known {
		return nil, fmt.Errorf("version %q is unknown", c.Version)
	}
	again, err := c.payload()
	if err != nil || !bytes.Equal(again, payload) {
		return nil, errors.New("not the form of a certificate")
	}
	return &c, nil
}

// checkSense compares the certificate's statements with each other and with what its
// version requires.
func (t formatTable) checkSense(c *Certificate, kid string) error {
	f, _ := t.of(c.Version)
	r, known := f.regime(c.Regime)
	switch {
	case !known:
		return fmt.Errorf("version %s has no regime %q", c.Version, c.Regime)
	case c.Type != r.CertificateType || c.Compliance.Regime != c.Regime:
		return errors.New("type and regime differ")
	case c.ID == "" || c.Serial < 1 || (c.Serial == 1) != (c.Supersedes == nil):
		return errors.New("serial and predecessor differ")
	case c.Compliance.State != StateLive && c.Compliance.State != StateReleased, (c.Compliance.State == StateLive) != c.AuthoritativeCopy.HeldHere:
		return errors.New("state and whereabouts of the copy differ")
	case c.AuthoritativeCopy.HeldHere != (c.Subject.Status == "vaulted"):
		return errors.New("status and whereabouts of the copy differ")
	case c.AsOf.After(c.IssuedAt.Time):
		return errors.New("issued before it was evaluated")
	}
	named := false
	for _, k := range c.System.Keys {
		named = named || k.Use == "certificate" && k.KID == kid
	}
	if !named {
		return errors.New("signed by a key that the certificate does not name")
	}
	again := c.Compliance
	again.Checks = slices.Clone(again.Checks)
	again.Tally()
	was, _ := canonjson.Marshal(c.Compliance)
	want, _ := canonjson.Marshal(again)
	if !bytes.Equal(was, want) || len(c.Compliance.Checks) != len(r.Requirements) {
		return errors.New("checks and result differ")
	}
	for i, q := range r.Requirements {
		k := c.Compliance.Checks[i]
		if k.ID != q.ID || k.Reference != q.Reference {
			return fmt.Errorf("check %d is not %s", i+1, q.ID)
		}
		if k.Satisfied == nil && c.AuthoritativeCopy.HeldHere {
			return fmt.Errorf("check %s does not apply to a copy in the vault", q.ID)
		}
	}
	return nil
}

// Tally sets what follows from the checks: the score is the share of satisfied
// checks in percent, rounded down, and only 100 is compliant; a result is as weak
// as its weakest check, a check as its weakest evidence.
func (r *Result) Tally() {
	r.Compliant, r.Score, r.MissingRequirements, r.Basis = nil, nil, []string{}, Declared
	if len(r.Checks) == 0 {
		return
	}
	satisfied := 0
	r.Basis = Verified
	for i := range r.Checks {
		c := &r.Checks[i]
		c.Basis = Verified
		for _, e := range c.Evidence {
			c.Basis = weaker(c.Basis, e.Basis)
		}
		r.Basis = weaker(r.Basis, c.Basis)
		if c.Met() {
			satisfied++
		}
		if c.Failed() {
			r.MissingRequirements = append(r.MissingRequirements, c.ID)
		}
	}
	if r.State == StateReleased {
		return
	}
	score := satisfied * 100 / len(r.Checks)
	compliant := satisfied == len(r.Checks)
	r.Compliant, r.Score = &compliant, &score
}

// weaker returns the weaker of two bases.
func weaker(a, b string) string {
	order := []string{Verified, Attested, Declared}
	if slices.Index(order, b) > slices.Index(order, a) {
		return b
	}
	return a
}
