package pcapng

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"net/netip"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/gopacket/gopacket/pcapgo"
)

// read takes a packet apart again: its tags and what is behind them.
func read(t *testing.T, b []byte) (tags map[uint16][]byte, rest []byte) {
	t.Helper()
	tags = map[uint16][]byte{}
	for len(b) >= 4 {
		id, n := binary.BigEndian.Uint16(b), int(binary.BigEndian.Uint16(b[2:]))
		b = b[4:]
		if id == tagEnd {
			return tags, b
		}
		tags[id], b = b[:n], b[n:]
	}
	t.Fatal("the tags do not end")
	return nil, nil
}

func TestWriteAndReadBack(t *testing.T) {
	var file bytes.Buffer
	w, err := NewWriter(&file, "test")
	if err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, 1, 2, 3, 4, 5, 678901234, time.UTC)
	v4, v6 := netip.MustParseAddrPort("192.0.2.1:5060"), netip.MustParseAddrPort("[2001:db8::1]:443")
	packets := []Packet{
		{At: at, Protocol: SIP, Sent: true, From: v4, To: netip.MustParseAddrPort("192.0.2.2:443"), Data: []byte("OPTIONS sip:x SIP/2.0\r\n\r\n")},
		{At: at.Add(time.Second), Protocol: RTP, From: v6, To: v6, Data: []byte{0x80, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3}, Length: 172},
		{At: at, Protocol: SIP, Data: bytes.Repeat([]byte("x"), 100_000)},
	}
	for _, p := range packets {
		if err := w.Write(p); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	if f := os.Getenv("CAPTURE_FILE"); f != "" { // to open in another program
		if err := os.WriteFile(f, file.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	r, err := pcapgo.NewNgReader(&file, pcapgo.DefaultNgReaderOptions)
	if err != nil {
		t.Fatal(err)
	}
	if int(r.LinkType()) != linkType || r.SectionInfo().Application != "test" {
		t.Errorf("%v %+v", r.LinkType(), r.SectionInfo())
	}
	for i, p := range packets {
		b, ci, options, err := r.ReadPacketDataWithOptions()
		if err != nil {
			t.Fatal(err)
		}
		if f := options.Flags; f == nil || (f.Direction == pcapgo.NgEpbFlagDirectionOutbound) != p.Sent {
			t.Errorf("%d: direction %+v", i, f)
		}
		tags, rest := read(t, b)
		if got := strings.TrimRight(string(tags[tagProtocol]), "\x00"); got != string(p.Protocol) {
			t.Errorf("%d: protocol %q", i, got)
		}
		if !bytes.HasPrefix(p.Data, rest) || len(rest) == 0 || !ci.Timestamp.Equal(p.At) {
			t.Errorf("%d: %d bytes at %v", i, len(rest), ci.Timestamp)
		}
		if want := max(p.Length, len(p.Data)) - len(rest); ci.Length-ci.CaptureLength != want {
			t.Errorf("%d: %d of %d bytes, want %d left out", i, ci.CaptureLength, ci.Length, want)
		}
		switch i {
		case 0:
			if !bytes.Equal(tags[tagIPv4Src], []byte{192, 0, 2, 1}) || binary.BigEndian.Uint32(tags[tagSrcPort]) != 5060 || binary.BigEndian.Uint32(tags[tagPortType]) != portTypeTCP {
				t.Errorf("%v", tags)
			}
		case 1:
			if len(tags[tagIPv6Dst]) != 16 || binary.BigEndian.Uint32(tags[tagPortType]) != portTypeUDP {
				t.Errorf("%v", tags)
			}
		case 2:
			if tags[tagPortType] != nil {
				t.Errorf("%v", tags)
			}
		}
	}
	if _, _, err := r.ReadPacketData(); !errors.Is(err, io.EOF) {
		t.Error(err)
	}
}
