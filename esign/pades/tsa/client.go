package tsa

import (
	"bytes"
	"context"
	"crypto"
	"crypto/rand"
	"crypto/x509"
	"encoding/asn1"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/evaultlib/evault/esign/pades"
)

// maxResponse bounds an answer; tokens have 2 to 8 KiB.
const maxResponse = 64 << 10

// Config of [New].
type Config struct {
	// URLs of the authorities, tried in this order. At least one is required.
	URLs []string
	// HTTP makes the requests; give one whose dialer refuses internal addresses when URLs are not the operator's own
	// choice. Its redirect policy is replaced by none. Default: an http.Client with the default transport.
	HTTP *http.Client
	// Timeout for one authority; default 10 seconds.
	Timeout time.Duration
	// Policy asks for a certain policy and refuses tokens under another; default any.
	Policy asn1.ObjectIdentifier
	// Roots, when set, must vouch for the authority; default not checked here, but wherever seals are verified.
	Roots *x509.CertPool
	// Username and Password for authorities that want HTTP Basic authentication; default none.
	Username, Password string
	// Rand makes nonces; default crypto/rand.
	Rand io.Reader
}

// Client asks time-stamp authorities.
type Client struct {
	c    Config
	http *http.Client
}

// New checks the configuration. It opens no connection.
func New(c Config) (*Client, error) {
	if len(c.URLs) == 0 {
		return nil, errors.New("tsa: Config.URLs is required")
	}
	for _, s := range c.URLs {
		if u, err := url.Parse(s); err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" || u.User != nil {
			return nil, fmt.Errorf("tsa: Config.URLs: %q is not a plain http or https URL", s)
		}
	}
	c.URLs = slices.Clone(c.URLs)
	if c.Timeout <= 0 {
		c.Timeout = 10 * time.Second
	}
	if c.Rand == nil {
		c.Rand = rand.Reader
	}
	client := &http.Client{}
	if c.HTTP != nil {
		*client = *c.HTTP
	}
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &Client{c: c, http: client}, nil
}

type messageImprint struct {
	Algorithm algorithm
	Digest    []byte
}

type algorithm struct {
	ID         asn1.ObjectIdentifier
	Parameters asn1.RawValue
}

// request is TimeStampReq of RFC 3161 §2.4.1.
type request struct {
	Version int
	Imprint messageImprint
	Policy  asn1.ObjectIdentifier `asn1:"optional"`
	Nonce   *big.Int
	Certs   bool `asn1:"optional,default:false"`
}

// response is TimeStampResp of RFC 3161 §2.4.2.
type response struct {
	Status statusInfo
	Token  asn1.RawValue `asn1:"optional"`
}

type statusInfo struct {
	Status  int
	Text    []asn1.RawValue `asn1:"optional"`
	Failure asn1.BitString  `asn1:"optional"`
}

var digests = map[crypto.Hash]asn1.ObjectIdentifier{
	crypto.SHA256: {2, 16, 840, 1, 101, 3, 4, 2, 1},
	crypto.SHA384: {2, 16, 840, 1, 101, 3, 4, 2, 2},
	crypto.SHA512: {2, 16, 840, 1, 101, 3, 4, 2, 3},
}

// Timestamp returns a DER TimeStampToken over digest, made with SHA-256, SHA-384 or SHA-512. The error names what was
// wrong with every authority.
func (c *Client) Timestamp(ctx context.Context, h crypto.Hash, digest []byte) ([]byte, error) {
	id, ok := digests[h]
	if !ok || len(digest) != h.Size() {
		return nil, fmt.Errorf("tsa: %d bytes are not a digest of %v", len(digest), h)
	}
	var failed []error
	for _, u := range c.c.URLs {
		token, err := c.ask(ctx, u, h, id, digest)
		if err == nil {
			return token, nil
		}
		failed = append(failed, fmt.Errorf("%s: %w", u, err))
		if ctx.Err() != nil {
			break
		}
	}
	return nil, fmt.Errorf("tsa: %w", errors.Join(failed...))
}

func (c *Client) ask(ctx context.Context, u string, h crypto.Hash, id asn1.ObjectIdentifier, digest []byte) ([]byte, error) {
	nonce, err := rand.Int(c.c.Rand, new(big.Int).Lsh(big.NewInt(1), 64))
	if err != nil {
		return nil, err
	}
	body, err := asn1.Marshal(request{
		Version: 1, Imprint: messageImprint{algorithm{id, asn1.NullRawValue}, digest}, Policy: c.c.Policy, Nonce: nonce, Certs: true,
	})
	if err != nil {
		return nil, err
	}
	answer, err := c.post(ctx, u, body)
	if err != nil {
		return nil, err
	}
	var r response
	if rest, err := asn1.Unmarshal(answer, &r); err != nil || len(rest) > 0 {
		return nil, errors.New("the response is not a time-stamp response")
	}
	const grantedWithMods = 1
	if r.Status.Status < 0 || r.Status.Status > grantedWithMods {
		return nil, fmt.Errorf("the authority refused with status %d", r.Status.Status)
	}
	return r.Token.FullBytes, c.check(r.Token.FullBytes, h, digest, nonce)
}

func (c *Client) post(ctx context.Context, u string, body []byte) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, c.c.Timeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, u, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/timestamp-query")
	req.Header.Set("Accept", "application/timestamp-reply")
	if c.c.Username != "" {
		req.SetBasicAuth(c.c.Username, c.c.Password)
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("the authority responded with %s", resp.Status)
	}
	answer, err := io.ReadAll(io.LimitReader(resp.Body, maxResponse+1))
	if err != nil {
		return nil, err
	}
	if len(answer) > maxResponse {
		return nil, errors.New("the response is too long")
	}
	return answer, nil
}

// check makes sure that the token answers this request (RFC 3161 §2.2).
func (c *Client) check(der []byte, h crypto.Hash, digest []byte, nonce *big.Int) error {
	t, err := pades.ParseToken(der)
	switch {
	case err != nil:
		return err
	case !t.Stamps(h, digest):
		return errors.New("message imprint mismatch")
	case t.Nonce == nil || t.Nonce.Cmp(nonce) != 0:
		return errors.New("the token belongs to another request: nonce mismatch")
	case len(c.c.Policy) > 0 && !t.Policy.Equal(c.c.Policy):
		return fmt.Errorf("the token has the policy %v", t.Policy)
	case c.c.Roots != nil:
		return t.Trusted(c.c.Roots)
	}
	return nil
}
