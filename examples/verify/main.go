// Command verify checks a certificate with nothing but the certificate and the
// issuer's public keys: no database, and no network unless -online asks for it.
//
//	go run ./examples/verify -certificate certificate.json -jwks jwks.json -log-key 'evault.local/…+…'
//
// The certificate is the API's answer, the object in it, or the compact JWS from a
// release package. The keys come from where the verifier trusts them and are kept
// there (pinned): jwks.json is what the issuer serves at .well-known/jwks.json, the
// log's keys what it serves at log/keys. Keys that came with the certificate prove
// only that the two agree.
//
// A certificate speaks of its as_of. It is stale when that is longer ago than
// -max-age, when -newest is a later certificate of the same envelope, and when the
// address given to -online says superseded or unknown.
//
// Exit status:
//
//	0  verified, every requirement met; a line says what rests on declarations
//	1  not valid: it does not verify with these keys
//	2  usage, or a file that cannot be read
//	3  verified, but not every requirement is met, or none was evaluated
//	4  verified, but stale, or its state now is unknown
//
// Stability: the exit statuses stay as they are; the output may change with any
// version.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/evaultlib/evault/compliance/certificate"
)

// Exit statuses.
const (
	met     = 0
	invalid = 1
	usage   = 2
	notMet  = 3
	stale   = 4
)

// ahead is by how much the clocks of issuer and verifier may differ.
const ahead = 5 * time.Minute

func main() {
	v := verifier{now: time.Now, client: &http.Client{Timeout: 20 * time.Second}, out: os.Stdout, errors: os.Stderr}
	os.Exit(v.run(os.Args[1:]))
}

type verifier struct {
	now         func() time.Time
	client      *http.Client
	out, errors io.Writer
}

type options struct {
	certificate, newest string
	jwks                string
	logKeys, logFile    string
	online              string
	maxAge              time.Duration
}

// run returns the exit status.
func (v verifier) run(args []string) int {
	var o options
	fs := flag.NewFlagSet("verify", flag.ContinueOnError)
	fs.SetOutput(v.errors)
	fs.StringVar(&o.certificate, "certificate", "", "`file` of the certificate: the API's answer, the object in it, or the compact JWS; required")
	fs.StringVar(&o.jwks, "jwks", "", "`file` of the issuer's JSON Web Key Set; required")
	fs.StringVar(&o.logKeys, "log-key", "", "the log's verifier `keys`, separated by commas; required, or -log-keys")
	fs.StringVar(&o.logFile, "log-keys", "", "`file` of the log's verifier keys, one a line, with their times where they are known")
	fs.DurationVar(&o.maxAge, "max-age", 7*24*time.Hour, "how old the evaluation may be; 0 is any age")
	fs.StringVar(&o.newest, "newest", "", "`file` of a certificate of the same envelope: an older one is superseded")
	fs.StringVar(&o.online, "online", "", "`URL` of the issuer's verify address, such as https://sign.example/api/v2/verify, to ask whether the certificate is current")
	if err := fs.Parse(args); err != nil {
		return usage
	}
	if o.certificate == "" || o.jwks == "" || o.logKeys == "" && o.logFile == "" || fs.NArg() > 0 {
		fmt.Fprintln(v.errors, "verify: -certificate, -jwks and -log-key or -log-keys are required, and nothing else")
		fs.Usage()
		return usage
	}
	status, err := v.verify(o)
	if err != nil {
		fmt.Fprintln(v.errors, "verify:", err)
	}
	return status
}

func (v verifier) verify(o options) (int, error) {
	keys, err := o.keys()
	if err != nil {
		return usage, err
	}
	read := func(file string) (*certificate.Certificate, int, error) {
		content, err := os.ReadFile(file)
		if err != nil {
			return nil, usage, err
		}
		c, err := certificate.VerifyFile(content, keys)
		if err != nil {
			return nil, invalid, fmt.Errorf("%s: %w", file, err)
		}
		return c, met, nil
	}
	c, status, err := read(o.certificate)
	if err != nil {
		return status, err
	}
	problem := v.age(c, o.maxAge)
	if o.newest != "" {
		n, status, err := read(o.newest)
		switch {
		case err != nil:
			return status, err
		case n.Subject.EnvelopeID != c.Subject.EnvelopeID:
			return usage, fmt.Errorf("%s is a certificate of another envelope", o.newest)
		case n.Serial > c.Serial:
			problem = fmt.Sprintf("superseded by certificate %s, serial %d", n.ID, n.Serial)
		}
	}
	if o.online != "" {
		if state, err := v.ask(o.online, c.ID); err != nil {
			problem = fmt.Sprintf("its state now is unknown: %v", err)
		} else if state != certificate.StateCurrent {
			problem = "the issuer says that it is " + state
		}
	}
	return v.report(c, problem), nil
}

// keys reads the pinned keys.
func (o options) keys() (certificate.Keys, error) {
	set, err := os.ReadFile(o.jwks)
	if err != nil {
		return certificate.Keys{}, err
	}
	log := []byte(strings.ReplaceAll(o.logKeys, ",", "\n"))
	if o.logFile != "" {
		more, err := os.ReadFile(o.logFile)
		if err != nil {
			return certificate.Keys{}, err
		}
		log = append(append(log, '\n'), more...)
	}
	return certificate.ParseKeys(set, log)
}

// age says what is wrong with the time of the evaluation, "" for nothing.
func (v verifier) age(c *certificate.Certificate, most time.Duration) string {
	switch age := v.now().Sub(c.AsOf.Time); {
	case age < -ahead:
		return "it speaks of a time to come; one of the two clocks is wrong"
	case most > 0 && age > most:
		return fmt.Sprintf("it speaks of %s ago, more than -max-age %s", age.Round(time.Second), most)
	}
	return ""
}

// ask asks the issuer's verify address for the certificate's state now.
func (v verifier) ask(address, id string) (string, error) {
	r, err := v.client.Get(strings.TrimSuffix(address, "/") + "/certificate/" + id)
	if err != nil {
		return "", err
	}
	defer r.Body.Close()
	if r.StatusCode != http.StatusOK {
		return "", fmt.Errorf("the verify address answered %s", r.Status)
	}
	b, err := io.ReadAll(io.LimitReader(r.Body, 64<<10))
	if err != nil {
		return "", err
	}
	state := stateIn(b)
	if state == "" {
		return "", errors.New("the verify address did not answer with a state")
	}
	return state, nil
}
