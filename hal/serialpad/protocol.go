package serialpad

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// MaxLine bounds a line without its end; longer ones are noise.
const MaxLine = 64

// MaxNumber is the highest number of a key or a lamp.
const MaxNumber = 255

// Errors of a line that is not taken.
var (
	ErrFrame    = errors.New("not a line of the protocol")
	ErrChecksum = errors.New("the checksum is wrong")
)

// Message is one line: $SEQ,WORD[,ARGUMENT…]*CHECKSUM
type Message struct {
	Seq  uint8
	Word string // "K", "H", "I", "L", "?"
	Args []string
}

// checksum is CRC-8 with polynomial 0x07 and start 0 over the bytes between
// "$" and "*".
func checksum(b []byte) (crc byte) {
	for _, c := range b {
		crc ^= c
		for range 8 {
			if crc&0x80 != 0 {
				crc = crc<<1 ^ 0x07
			} else {
				crc <<= 1
			}
		}
	}
	return crc
}

// Encode writes a message with its end of line.
func (m Message) Encode() []byte {
	body := fmt.Sprintf("%d,%s", m.Seq, strings.Join(append([]string{m.Word}, m.Args...), ","))
	return fmt.Appendf(nil, "$%s*%02X\r\n", body, checksum([]byte(body)))
}

// Decode reads a line without its end. What stands before the last "$" is the
// rest of a line that was cut, and is ignored.
func Decode(line []byte) (Message, error) {
	i := bytes.LastIndexByte(line, '$')
	if i < 0 || len(line) > MaxLine {
		return Message{}, ErrFrame
	}
	body, sum, ok := bytes.Cut(line[i+1:], []byte{'*'})
	if !ok || len(sum) != 2 {
		return Message{}, ErrFrame
	}
	want, err := strconv.ParseUint(string(sum), 16, 8)
	if err != nil {
		return Message{}, ErrFrame
	}
	if checksum(body) != byte(want) {
		return Message{}, ErrChecksum
	}
	f := strings.Split(string(body), ",")
	seq, err := strconv.ParseUint(f[0], 10, 8)
	if err != nil || len(f) < 2 || f[1] == "" {
		return Message{}, ErrFrame
	}
	for _, a := range f {
		if strings.ContainsFunc(a, func(r rune) bool { return r < ' ' || r > '~' }) {
			return Message{}, ErrFrame
		}
	}
	return Message{Seq: uint8(seq), Word: f[1], Args: f[2:]}, nil
}

// lines cuts bytes into lines of at most MaxLine.
type lines struct {
	buf  []byte
	skip bool
}

func (l *lines) feed(b []byte, line func([]byte)) {
	for _, c := range b {
		switch {
		case c == '\r' || c == '\n':
			if !l.skip && len(l.buf) > 0 {
				line(l.buf)
			}
			l.buf, l.skip = l.buf[:0], false
		case c == '$': // a new line begins, whatever was before
			l.buf, l.skip = append(l.buf[:0], c), false
		case l.skip:
		case len(l.buf) >= MaxLine:
			l.skip = true
		default:
			l.buf = append(l.buf, c)
		}
	}
}
