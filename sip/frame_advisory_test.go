package sip_test

import (
	"bufio"
	"crypto/sha1"
	"encoding/base64"
	"fmt"
	"io"
	"net"
	"net/http"
	"runtime"
	"testing"

	"phoned/internal/secret"
	"phoned/sip"
)

// TestAdvisoryFrameLength: GHSA-8h6x-h86x-75wh, memory for a WebSocket frame
// that was only announced. The flow ends, and the next one is made.
func TestAdvisoryFrameLength(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	connections := make(chan net.Conn, 8)
	go func() {
		defer close(connections)
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			req, err := http.ReadRequest(bufio.NewReader(c))
			if err != nil {
				return
			}
			sum := sha1.Sum([]byte(req.Header.Get("Sec-WebSocket-Key") + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"))
			fmt.Fprintf(c, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Protocol: sip\r\nSec-WebSocket-Accept: %s\r\n\r\n",
				base64.StdEncoding.EncodeToString(sum[:]))
			connections <- c
		}
	}()
	t.Cleanup(func() {
		_ = l.Close()
		for c := range connections {
			_ = c.Close()
		}
	})
	p := newPhone(t, nil)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	p.SetLines([]sip.Line{{ID: "l", User: "1", Domain: "d", Password: secret.New("x"), Servers: []string{"ws://" + l.Addr().String()}}})
	c := <-connections
	// Text, final, 64 bits of length: 2^62; then more than a message may have.
	if _, err := c.Write([]byte{0x81, 127, 0x40, 0, 0, 0, 0, 0, 0, 0}); err != nil {
		t.Fatal(err)
	}
	_, _ = c.Write(make([]byte, 100_000)) // it may be gone by then
	_, _ = io.Copy(io.Discard, c)         // until the phone ends it
	_ = c.Close()
	next := <-connections
	_ = next.Close()
	runtime.ReadMemStats(&after)
	if n := after.TotalAlloc - before.TotalAlloc; n > 32<<20 {
		t.Errorf("%d MB were taken", n>>20)
	}
}
