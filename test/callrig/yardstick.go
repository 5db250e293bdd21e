package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"runtime"
	"strconv"
	"strings"
	"time"
)

// yardstick is the least a phone can be: it registers, answers at once and
// loops µ-law. What it scores is what this machine, this minute, allows.
type yardstick struct {
	exchange netip.AddrPort
	period   int // ms of a period of its sound card; 0: every packet goes back as it came
	buffer   int // ms it keeps in stock
	conn     *net.UDPConn
	rtp      *net.UDPConn
	cseq     int
}

// parseYardstick reads "reflect" or "device:PERIOD:BUFFER" (ms).
func parseYardstick(s string) (y yardstick, err error) {
	if s == "reflect" {
		return y, nil
	}
	if n, err := fmt.Sscanf(s, "device:%d:%d", &y.period, &y.buffer); n != 2 || err != nil || y.period < 1 || y.buffer < 0 {
		return y, fmt.Errorf("%q is no yardstick: reflect or device:PERIOD:BUFFER", s)
	}
	return y, nil
}

// run is the phone, until ctx ends.
func (y *yardstick) run(ctx context.Context, port int) (err error) {
	loopback := net.IPv4(127, 0, 0, 1)
	y.exchange = netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), uint16(port))
	if y.conn, err = net.ListenUDP("udp4", &net.UDPAddr{IP: loopback}); err != nil {
		return err
	}
	defer context.AfterFunc(ctx, func() { y.conn.Close() })()
	y.register("")
	buf := make([]byte, 65536)
	for {
		n, from, err := y.conn.ReadFromUDPAddrPort(buf)
		if err != nil {
			return nil // closed
		}
		m := parseMessage(buf[:n])
		m.from = from
		switch {
		case m.status() == 401 && y.cseq == 1:
			p := parameters(m.get("www-authenticate"))
			p["username"], p["uri"], p["nc"], p["cnonce"] = user, y.target(), "00000001", "yardstick"
			y.register(fmt.Sprintf("Authorization: Digest username=%q, realm=%q, nonce=%q, uri=%q, qop=auth, nc=%s, cnonce=%q, algorithm=MD5, response=%q\r\n",
				user, p["realm"], p["nonce"], p["uri"], p["nc"], p["cnonce"], digest(p, "REGISTER", password)))
		case m.method() == "INVITE":
			if err := y.answer(m); err != nil {
				return err
			}
		case m.method() == "BYE":
			_ = y.rtp.Close() // ends its media
			y.send(m.from, m.answer("200 OK", "yardstick", "", ""))
		}
	}
}

func (y *yardstick) send(to netip.AddrPort, b []byte) { _, _ = y.conn.WriteToUDPAddrPort(b, to) }

func (y *yardstick) target() string { return "sip:" + y.exchange.String() }

func (y *yardstick) contact() string { return fmt.Sprintf("<sip:%s@%s>", user, y.conn.LocalAddr()) }

func (y *yardstick) register(authorization string) {
	y.cseq++
	y.send(y.exchange, fmt.Appendf(nil, "REGISTER %s SIP/2.0\r\nVia: SIP/2.0/UDP %s;branch=z9hG4bK%s;rport\r\nMax-Forwards: 70\r\nFrom: <sip:%s@callrig>;tag=y\r\nTo: <sip:%s@callrig>\r\nCall-ID: %s\r\nCSeq: %d REGISTER\r\nContact: %s;expires=3600\r\n%sContent-Length: 0\r\n\r\n",
		y.target(), y.conn.LocalAddr(), token(), user, user, token(), y.cseq, y.contact(), authorization))
}

func (y *yardstick) answer(m *message) (err error) {
	to, err := mediaAddress(m.body)
	if err != nil {
		return err
	}
	if y.rtp, err = net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)}); err != nil {
		return err
	}
	_, rest, _ := strings.Cut(m.body, "m=audio ")
	f := strings.Fields(rest)
	if len(f) < 3 {
		return errors.New("an offer without a codec")
	}
	kind, err := strconv.ParseUint(f[2], 10, 7)
	if err != nil {
		return err
	}
	sdp := fmt.Sprintf("v=0\r\no=y 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio %d RTP/AVP %d\r\na=ptime:%d\r\n",
		y.rtp.LocalAddr().(*net.UDPAddr).Port, kind, ptime)
	y.send(m.from, m.answer("200 OK", "yardstick", "Contact: "+y.contact()+"\r\n", sdp))
	if y.period == 0 {
		go sendBack(y.rtp)
	} else {
		go y.loop(y.rtp, to, uint8(kind))
	}
	return nil
}

// sendBack sends every packet back, until conn is closed.
func sendBack(conn *net.UDPConn) {
	buf := make([]byte, 65536)
	for {
		n, from, err := conn.ReadFromUDPAddrPort(buf)
		if err != nil {
			return
		}
		_, _ = conn.WriteToUDPAddrPort(buf[:n], from)
	}
}

// loop is a sound card: each period what was in the air reaches the microphone,
// what was queued goes into the air, and the next is queued from the stock.
func (y *yardstick) loop(conn *net.UDPConn, to netip.AddrPort, kind uint8) {
	runtime.LockOSThread()
	come := make(chan []byte, 256)
	go func() {
		defer close(come)
		for {
			buf := make([]byte, 2048)
			n, _, err := conn.ReadFromUDPAddrPort(buf)
			if err != nil {
				return
			}
			if p, ok := parseRTP(arrival{Data: buf[:n]}, kind); ok {
				come <- p.payload
			}
		}
	}()
	const packet = 160 // bytes of 20 ms
	n := y.period * 8
	quiet := make([]byte, n)
	for i := range quiet {
		quiet[i] = 0xff
	}
	var stock, recorded []byte
	air, queued, primed := quiet, quiet, false
	seq, ts := uint16(0), uint32(0)
	for next := time.Now(); ; {
		next = next.Add(time.Duration(y.period) * time.Millisecond)
		sleepUntil(next)
		for waiting := true; waiting; {
			select {
			case p, open := <-come:
				if !open {
					return
				}
				stock = append(stock, p...)
			default:
				waiting = false
			}
		}
		recorded = append(recorded, air...)
		air, queued = queued, quiet
		if primed = primed || len(stock) >= y.buffer*8+n; primed && len(stock) >= n {
			queued, stock = stock[:n:n], stock[n:]
		}
		for ; len(recorded) >= packet; recorded = recorded[packet:] {
			_, _ = conn.WriteToUDPAddrPort(appendRTP(nil, kind, false, seq, ts, 1, recorded[:packet]), to)
			seq, ts = seq+1, ts+packet
		}
	}
}
