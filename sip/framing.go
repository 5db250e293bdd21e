package sip

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
)

// errFraming: the peer's stream cannot be cut into messages any more.
var errFraming = errors.New("not a stream of SIP messages")

// framer cuts a byte stream into SIP messages by Content-Length (RFC 3261
// §18.3). It owns what it buffers and holds at most maxMessage and one read.
type framer struct{ buf []byte }

// feed appends what was read.
func (f *framer) feed(b []byte) { f.buf = append(f.buf, b...) }

// next returns the next message, or the keep-alive that stands between two.
// It returns nil without an error when more bytes are needed.
func (f *framer) next() ([]byte, keepAliveKind, error) {
	if bytes.HasPrefix(f.buf, []byte("\r\n")) {
		if bytes.HasPrefix(f.buf, []byte("\r\n\r\n")) {
			f.buf = f.buf[4:]
			return nil, ping, nil
		}
		if len(f.buf) <= 3 && (len(f.buf) == 2 || f.buf[2] == '\r') {
			// Either a pong or the first half of a ping.
			return nil, message, nil
		}
		f.buf = f.buf[2:]
		return nil, pong, nil
	}
	end := bytes.Index(f.buf, []byte("\r\n\r\n"))
	if end < 0 {
		if len(f.buf) > maxMessage {
			return nil, message, fmt.Errorf("%w: a header of more than %d bytes", errFraming, maxMessage)
		}
		return nil, message, nil
	}
	body, err := contentLength(f.buf[:end])
	if err != nil {
		return nil, message, err
	}
	total := end + 4 + body
	if total > maxMessage {
		return nil, message, fmt.Errorf("%w: a message of %d bytes", errFraming, total)
	}
	if len(f.buf) < total {
		return nil, message, nil
	}
	msg := bytes.Clone(f.buf[:total])
	f.buf = append(f.buf[:0], f.buf[total:]...)
	return msg, message, nil
}

// idlePong takes a lone CRLF that nothing followed; see Recv of streamFlow.
func (f *framer) idlePong() bool {
	if len(f.buf) != 2 || f.buf[0] != '\r' || f.buf[1] != '\n' {
		return false
	}
	f.buf = f.buf[:0]
	return true
}

// contentLength finds the length in a header block. Streams require it, but
// a missing one is read as zero: many send requests without a body so.
func contentLength(header []byte) (int, error) {
	for line := range bytes.SplitSeq(header, []byte("\r\n")) {
		name, value, ok := bytes.Cut(line, []byte(":"))
		if !ok {
			continue
		}
		name = bytes.ToLower(bytes.TrimSpace(name))
		if string(name) != "content-length" && string(name) != "l" {
			continue
		}
		n, err := strconv.ParseUint(string(bytes.TrimSpace(value)), 10, 31)
		if err != nil {
			return 0, fmt.Errorf("%w: Content-Length %q", errFraming, value)
		}
		return int(n), nil
	}
	return 0, nil
}
