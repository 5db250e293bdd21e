package vcard

import (
	"bufio"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Version of the format that is written.
type Version string

// The versions that are written. Most programs still want 3.0.
const (
	V3 Version = "3.0" // RFC 2426
	V4 Version = "4.0" // RFC 6350
)

// Write writes all cards.
func Write(w io.Writer, v Version, cards []Card) error {
	b := bufio.NewWriter(w)
	for _, c := range cards {
		line(b, "BEGIN:VCARD")
		line(b, "VERSION:"+string(v))
		if c.UID != "" {
			line(b, "UID:"+escape(c.UID))
		}
		line(b, "FN:"+escape(c.Name))
		if v == V3 { // must be there; what is family and what is given is not known
			line(b, "N:;"+escape(c.Name)+";;;")
		}
		for i, n := range c.Numbers {
			number(b, v, n, "item"+strconv.Itoa(i+1)+".")
		}
		for _, x := range []struct {
			name string
			on   bool
		}{{"FAVOURITE", c.Favourite}, {"VIP", c.VIP}, {"BLOCKED", c.Blocked}} {
			if x.on {
				line(b, "X-PHONED-"+x.name+":true")
			}
		}
		if c.Melody != "" {
			line(b, "X-PHONED-MELODY:"+escape(c.Melody))
		}
		line(b, "END:VCARD")
	}
	return b.Flush()
}

// types are the words of a kind in TYPE; a label of its own has none and comes
// as X-ABLabel in a group.
var types = map[string]string{"work": "work", "home": "home", "mobile": "cell", "fax": "fax", "pager": "pager"}

func number(b *bufio.Writer, v Version, n Number, group string) {
	t := types[n.Kind]
	head := "TEL"
	if v == V3 {
		t = strings.ToUpper(t)
	}
	if t != "" {
		head += ";TYPE=" + t
	}
	if n.Kind != "" && t == "" {
		line(b, group+head+":"+escape(n.Number))
		line(b, group+"X-ABLabel:"+escape(n.Kind))
		return
	}
	line(b, head+":"+escape(n.Number))
}

func escape(s string) string {
	return strings.NewReplacer(`\`, `\\`, ",", `\,`, ";", `\;`, "\r\n", `\n`, "\n", `\n`, "\r", `\n`).Replace(s)
}

// width is how many octets a line has at most (RFC 6350 §3.2).
const width = 75

// line folds between runes.
func line(b *bufio.Writer, s string) {
	room := width
	for len(s) > room {
		n := room
		for n > 0 && !utf8.RuneStart(s[n]) {
			n--
		}
		if n == 0 {
			n = room
		}
		_, _ = b.WriteString(s[:n] + "\r\n ") // Flush tells
		s, room = s[n:], width-1
	}
	_, _ = b.WriteString(s + "\r\n")
}
