// Package pcapng writes what the phone says and hears on the network as a capture
// file that Wireshark reads: SIP messages as they are before TLS, and RTP packets as
// they are before SRTP. The format is draft-ietf-opsawg-pcapng: a section header, one
// interface, and enhanced packet blocks.
//
// Each packet is an "exported PDU": no frame of a wire, but a message with the name
// of its protocol and the addresses of its ends, so that nothing has to be guessed
// or decrypted by whoever reads the file.
package pcapng

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"net/netip"
	"time"
)

// Protocol is the dissector that reads a packet.
type Protocol string

// The protocols of a phone.
const (
	SIP Protocol = "sip"
	RTP Protocol = "rtp"
)

// linkType is LINKTYPE_WIRESHARK_UPPER_PDU.
const linkType = 252

// Blocks of the format and their options.
const (
	blockSection   = 0x0a0d0d0a
	blockInterface = 1
	blockPacket    = 6
	byteOrder      = 0x1a2b3c4d

	optionEnd         = 0
	optionApplication = 4 // of a section
	optionName        = 2 // of an interface
	optionResolution  = 9 // likewise
	optionFlags       = 2 // of a packet
	flagInbound       = 1
	flagOutbound      = 2
	nanoseconds       = 9
)

// Tags of exported PDUs (Wireshark's epan/exported_pdu.h); each value is padded to
// four bytes.
const (
	tagEnd       = 0
	tagProtocol  = 12 // the dissector's name
	tagIPv4Src   = 20
	tagIPv4Dst   = 21
	tagIPv6Src   = 22
	tagIPv6Dst   = 23
	tagPortType  = 24
	tagSrcPort   = 25
	tagDstPort   = 26
	portTypeTCP  = 2
	portTypeUDP  = 3
	snapLen      = 65535
	maxPDULength = snapLen - 256
)

// Packet is one message.
type Packet struct {
	At       time.Time
	Protocol Protocol
	Sent     bool           // by the phone
	From, To netip.AddrPort // invalid: not told
	Data     []byte
	// Length is how long the message was; more than Data if its end is left out.
	Length int
}

// Writer writes a capture file. Not safe for concurrent use.
type Writer struct{ w *bufio.Writer }

// NewWriter begins a file; application says who made it.
func NewWriter(w io.Writer, application string) (*Writer, error) {
	out := &Writer{bufio.NewWriter(w)}
	section := binary.LittleEndian.AppendUint32(nil, byteOrder)
	section = binary.LittleEndian.AppendUint16(section, 1) // version 1.0
	section = binary.LittleEndian.AppendUint16(section, 0)
	section = binary.LittleEndian.AppendUint64(section, ^uint64(0)) // its length is not known
	section = endOptions(option(section, optionApplication, []byte(application)))
	face := binary.LittleEndian.AppendUint16(nil, linkType)
	face = binary.LittleEndian.AppendUint16(face, 0)
	face = binary.LittleEndian.AppendUint32(face, snapLen)
	face = endOptions(option(option(face, optionName, []byte("phone")), optionResolution, []byte{nanoseconds}))
	if err := out.block(blockSection, section); err != nil {
		return nil, err
	}
	return out, out.block(blockInterface, face)
}

// Write adds a packet.
func (w *Writer) Write(p Packet) error {
	if len(p.Data) > maxPDULength {
		p.Length = max(p.Length, len(p.Data))
		p.Data = p.Data[:maxPDULength]
	}
	data := append(header(p), p.Data...)
	at := uint64(p.At.UnixNano())
	b := binary.LittleEndian.AppendUint32(nil, 0) // the interface
	b = binary.LittleEndian.AppendUint32(b, uint32(at>>32))
	b = binary.LittleEndian.AppendUint32(b, uint32(at))
	b = binary.LittleEndian.AppendUint32(b, uint32(len(data)))
	b = binary.LittleEndian.AppendUint32(b, uint32(len(data)+max(0, p.Length-len(p.Data))))
	b = pad(append(b, data...))
	flags := uint32(flagInbound)
	if p.Sent {
		flags = flagOutbound
	}
	return w.block(blockPacket, endOptions(option(b, optionFlags, binary.LittleEndian.AppendUint32(nil, flags))))
}

// Flush hands everything on to the writer behind.
func (w *Writer) Flush() error { return w.w.Flush() }

// block writes a block: its type, its length, the body, and the length again.
func (w *Writer) block(kind uint32, body []byte) error {
	b := binary.LittleEndian.AppendUint32(nil, kind)
	b = binary.LittleEndian.AppendUint32(b, uint32(12+len(body)))
	b = append(b, body...)
	b = binary.LittleEndian.AppendUint32(b, uint32(12+len(body)))
	if _, err := w.w.Write(b); err != nil {
		return fmt.Errorf("capture file: %w", err)
	}
	return nil
}

func option(b []byte, code uint16, value []byte) []byte {
	b = binary.LittleEndian.AppendUint16(b, code)
	b = binary.LittleEndian.AppendUint16(b, uint16(len(value)))
	return pad(append(b, value...))
}

func endOptions(b []byte) []byte { return option(b, optionEnd, nil) }

// pad fills up to a multiple of four bytes; everything before is one.
func pad(b []byte) []byte {
	for len(b)%4 != 0 {
		b = append(b, 0)
	}
	return b
}

func header(p Packet) []byte {
	b := tag(nil, tagProtocol, []byte(p.Protocol))
	b = address(b, p.From, tagIPv4Src, tagIPv6Src)
	b = address(b, p.To, tagIPv4Dst, tagIPv6Dst)
	if p.From.IsValid() && p.To.IsValid() {
		kind := uint32(portTypeUDP)
		if p.Protocol == SIP {
			kind = portTypeTCP
		}
		b = tag(b, tagPortType, binary.BigEndian.AppendUint32(nil, kind))
		b = tag(b, tagSrcPort, binary.BigEndian.AppendUint32(nil, uint32(p.From.Port())))
		b = tag(b, tagDstPort, binary.BigEndian.AppendUint32(nil, uint32(p.To.Port())))
	}
	return tag(b, tagEnd, nil)
}

func address(b []byte, a netip.AddrPort, v4, v6 uint16) []byte {
	switch addr := a.Addr().Unmap(); {
	case !a.IsValid():
		return b
	case addr.Is4():
		return tag(b, v4, addr.AsSlice())
	default:
		return tag(b, v6, addr.AsSlice())
	}
}

func tag(b []byte, id uint16, value []byte) []byte {
	for len(value)%4 != 0 {
		value = append(value, 0)
	}
	b = binary.BigEndian.AppendUint16(b, id)
	b = binary.BigEndian.AppendUint16(b, uint16(len(value)))
	return append(b, value...)
}
