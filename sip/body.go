package sip

import (
	"bytes"
	"io"
	"mime"
	"mime/multipart"

	gosip "github.com/emiago/sipgo/sip"
)

const sdpType = "application/sdp"

// offerOf finds the description in a request. It reports false for a body of
// another kind that we are not allowed to ignore (RFC 3261 §8.2.3).
func offerOf(m gosip.Message) ([]byte, bool) {
	body := m.Body()
	if len(body) == 0 {
		return nil, true
	}
	h := m.GetHeaders("Content-Type")
	if len(h) == 0 {
		h = m.GetHeaders("c")
	}
	if len(h) == 0 {
		return nil, false
	}
	return findSDP(h[0].Value(), body)
}

func sdpOf(m gosip.Message) []byte {
	sdp, _ := offerOf(m)
	return sdp
}

// findSDP takes the description from a body, or from the part of a multipart
// body that holds it (RFC 5621).
func findSDP(contentType string, body []byte) ([]byte, bool) {
	kind, params, err := mime.ParseMediaType(contentType)
	switch {
	case err != nil:
		return nil, false
	case kind == sdpType:
		return body, true
	case kind != "multipart/mixed" && kind != "multipart/alternative":
		return nil, false
	}
	r := multipart.NewReader(bytes.NewReader(body), params["boundary"])
	for range 16 {
		p, err := r.NextPart()
		if err != nil {
			break
		}
		if t, _, err := mime.ParseMediaType(p.Header.Get("Content-Type")); err == nil && t == sdpType {
			sdp, err := io.ReadAll(p)
			return sdp, err == nil
		}
	}
	return nil, false
}
