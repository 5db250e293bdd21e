package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/tls"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
)

// client asks one phone.
type client struct {
	phone phone
	token string
	http  *http.Client
}

// errKey: the phone that answers has another key than the inventory says.
var errKey = errors.New("another key than the inventory's answers there: this is not that phone, or it was reset")

// maxAnswer bounds what is read of one answer.
const maxAnswer = 64 << 20

func newClient(p phone) (*client, error) {
	c := &client{phone: p}
	if p.tokenFile != "" {
		b, err := os.ReadFile(p.tokenFile)
		if err != nil {
			return nil, fmt.Errorf("token: %w", err)
		}
		c.token = strings.TrimSpace(string(b))
	}
	conf := &tls.Config{MinVersion: tls.VersionTLS12}
	if p.certFile != "" {
		cert, err := tls.LoadX509KeyPair(p.certFile, p.certFile)
		if err != nil {
			return nil, fmt.Errorf("client certificate: %w", err)
		}
		conf.Certificates = []tls.Certificate{cert}
	}
	if p.key != "" {
		// Its certificate is its own and changes with its addresses; its key stays.
		conf.InsecureSkipVerify = true //nolint:gosec // VerifyConnection holds it to its key
		conf.VerifyConnection = func(s tls.ConnectionState) error {
			sum := sha256.Sum256(s.PeerCertificates[0].RawSubjectPublicKeyInfo)
			if got := strings.ToUpper(hex.EncodeToString(sum[:])); got != strings.ReplaceAll(p.key, ":", "") {
				return errKey
			}
			return nil
		}
	}
	c.http = &http.Client{
		Transport:     &http.Transport{TLSClientConfig: conf, Proxy: http.ProxyFromEnvironment},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }, // a token goes nowhere else
	}
	return c, nil
}

func (c *client) close() { c.http.CloseIdleConnections() }

// ask sends a request and gives the answer's body; a refusal is an error in the
// phone's words.
func (c *client) ask(ctx context.Context, method, path, kind string, body []byte) ([]byte, error) {
	r, err := http.NewRequestWithContext(ctx, method, c.phone.url+path, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	r.Header.Set("User-Agent", "phonectl/"+version)
	if kind != "" {
		r.Header.Set("Content-Type", kind)
	}
	if c.token != "" {
		r.Header.Set("Authorization", "Bearer "+c.token)
	}
	resp, err := c.http.Do(r)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err != nil {
		return nil, err
	}
	if resp.StatusCode >= 300 {
		return nil, refusal(resp.StatusCode, b)
	}
	return b, nil
}

// refusal reads an RFC 9457 document.
func refusal(status int, b []byte) error {
	var p struct{ Title, Detail string }
	if json.Unmarshal(b, &p) == nil && p.Title != "" {
		return fmt.Errorf("%d: %s", status, strings.TrimSpace(p.Title+" "+p.Detail))
	}
	return fmt.Errorf("%d %s", status, http.StatusText(status))
}

// post sends JSON.
func (c *client) post(ctx context.Context, path string, v any) error {
	b, err := json.Marshal(v)
	if err != nil {
		return err
	}
	_, err = c.ask(ctx, http.MethodPost, path, "application/json", b)
	return err
}
