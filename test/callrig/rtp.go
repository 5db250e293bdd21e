package main

import (
	"encoding/binary"
	"math/rand/v2"
	"slices"
	"time"
)

const rtpHeader = 12 // bytes, RFC 3550 section 5.1

// rtpPacket is what the rig reads of a packet.
type rtpPacket struct {
	at        time.Duration // arrival since the call began
	seq       uint16
	timestamp uint32
	payload   []byte
}

// parseRTP reads the voice packets of one payload type; RTCP and all else is
// left out.
func parseRTP(a arrival, payloadType uint8) (p rtpPacket, ok bool) {
	b := a.Data
	if len(b) < rtpHeader || b[0]>>6 != 2 || b[1]&0x7f != payloadType {
		return p, false
	}
	from := rtpHeader + 4*int(b[0]&15)
	if b[0]&0x10 != 0 { // a header extension
		if len(b) < from+4 {
			return p, false
		}
		from += 4 + 4*int(binary.BigEndian.Uint16(b[from+2:]))
	}
	if len(b) < from {
		return p, false
	}
	return rtpPacket{a.At, binary.BigEndian.Uint16(b[2:]), binary.BigEndian.Uint32(b[4:]), b[from:]}, true
}

// appendRTP writes a packet.
func appendRTP(dst []byte, payloadType uint8, marker bool, seq uint16, timestamp, ssrc uint32, payload []byte) []byte {
	if marker {
		payloadType |= 0x80
	}
	dst = append(dst, 0x80, payloadType)
	dst = binary.BigEndian.AppendUint16(dst, seq)
	dst = binary.BigEndian.AppendUint32(dst, timestamp)
	dst = binary.BigEndian.AppendUint32(dst, ssrc)
	return append(dst, payload...)
}

// packets is a reference, cut, encoded and sent through the scenario's network.
func packets(sc Scenario, v voice, ref []int16) (p plan, err error) {
	type event struct {
		at   time.Duration
		data []byte
	}
	var events []event
	samples := v.Rate() * ptime / 1000
	seq, ts, ssrc := uint16(rand.Uint32()), rand.Uint32(), rand.Uint32()
	for i, d := range sc.Schedule() {
		payload, err := v.Encode(nil, ref[i*samples:(i+1)*samples])
		if err != nil {
			return p, err
		}
		if d == lost {
			continue
		}
		ms := float64(i)*ptime/(1+sc.PPM*1e-6) + d
		stamp := ts + uint32(i*v.clock*ptime/1000)
		events = append(events, event{
			time.Duration(ms * float64(time.Millisecond)),
			appendRTP(nil, v.payload, i == 0, seq+uint16(i), stamp, ssrc, payload),
		})
	}
	slices.SortStableFunc(events, func(a, b event) int { return int(a.at - b.at) })
	for _, e := range events {
		p.At, p.Packets = append(p.At, e.at), append(p.Packets, e.data)
	}
	return p, nil
}
