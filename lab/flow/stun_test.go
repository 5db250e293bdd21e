package flow

import (
	"bytes"
	"net"
	"testing"
)

// The answer of RFC 5769's IPv4 sample has this address; ours must say it alike.
func TestBindingAnswer(t *testing.T) {
	id := []byte{0xb7, 0xe7, 0xa7, 0x01, 0xbc, 0x34, 0xd6, 0x86, 0xfa, 0x87, 0xdf, 0xae}
	request := append([]byte{0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42}, id...)
	want := append([]byte{1, 1, 0, 12, 0x21, 0x12, 0xa4, 0x42}, id...)
	want = append(want, 0, 0x20, 0, 8, 0, 1, 0xa1, 0x47, 0xe1, 0x12, 0xa6, 0x43)
	if got := bindingAnswer(request, &net.UDPAddr{IP: net.IPv4(192, 0, 2, 1), Port: 32853}); !bytes.Equal(got, want) {
		t.Errorf("% x\nwant % x", got, want)
	}
	for _, b := range [][]byte{nil, request[:19], append([]byte{1, 1}, request[2:]...), []byte("REGISTER sip:a SIP/2.0\r\n\r\n")} {
		if got := bindingAnswer(b, &net.UDPAddr{IP: net.IPv4(192, 0, 2, 1), Port: 1}); got != nil {
			t.Errorf("%q is answered: % x", b, got)
		}
	}
}
