package stickout

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// What can become of a file.
var (
	// ErrNoStick: no stick is in, or it was pulled out.
	ErrNoStick = errors.New("no stick is in")
	// ErrFull: the stick has no room for the file.
	ErrFull = errors.New("the stick is full")
	// ErrReadOnly: the stick can't be written to: write-protected, or damaged.
	ErrReadOnly = errors.New("the stick can't be written to")
	// ErrHelper: this system has no helper for it.
	ErrHelper = errors.New("nothing on this phone writes to sticks")
	// ErrWire: what came is no order for the helper.
	ErrWire = errors.New("not an order for the stick")
)

// codes are the errors on the wire.
var codes = map[string]error{"no-stick": ErrNoStick, "full": ErrFull, "read-only": ErrReadOnly, "order": ErrWire}

// Limit bounds a file, in bytes.
const Limit = 64 << 20

// sendTime bounds the whole of it: a slow stick writes a megabyte a second.
const sendTime = 2 * time.Minute

// The order is one line, "phoned-stick 1 LENGTH NAME", and then the file; the answer is one
// line, "ok NAME" or "no CODE TEXT".
const greeting = "phoned-stick 1 "

var fileName = regexp.MustCompile(`^phoned-[a-z0-9][a-z0-9-]{0,60}\.zip$`)

// Send hands a file to the helper that listens on a socket and returns the name it got
// on the stick: another than name where that is taken. The name is "phoned-….zip", of
// small letters, digits and dashes.
func Send(ctx context.Context, socket, name string, file []byte) (string, error) {
	if !fileName.MatchString(name) || len(file) == 0 || len(file) > Limit {
		return "", fmt.Errorf("%w: %q, %d bytes", ErrWire, name, len(file))
	}
	ctx, cancel := context.WithTimeout(ctx, sendTime)
	defer cancel()
	c, err := (&net.Dialer{}).DialContext(ctx, "unix", socket)
	if err != nil {
		if errors.Is(err, os.ErrNotExist) || errors.Is(err, syscall.ECONNREFUSED) {
			return "", fmt.Errorf("%w: %w", ErrHelper, err)
		}
		return "", err
	}
	defer c.Close()
	defer context.AfterFunc(ctx, func() { _ = c.SetDeadline(time.Unix(1, 0)) })()
	// A helper that refuses early closes its end: its answer says why, not the pipe.
	_, werr := io.Copy(c, io.MultiReader(strings.NewReader(greeting+strconv.Itoa(len(file))+" "+name+"\n"), bytes.NewReader(file)))
	line, err := bufio.NewReader(io.LimitReader(c, 1024)).ReadString('\n')
	if err != nil {
		return "", fmt.Errorf("%w: no answer: %w", ErrHelper, errors.Join(werr, ctx.Err(), err))
	}
	return readAnswer(strings.TrimSuffix(line, "\n"))
}

func readAnswer(line string) (string, error) {
	if name, ok := strings.CutPrefix(line, "ok "); ok && fileName.MatchString(name) {
		return name, nil
	}
	if rest, ok := strings.CutPrefix(line, "no "); ok {
		code, _, _ := strings.Cut(rest, " ")
		if err := codes[code]; err != nil {
			return "", err
		}
		return "", ErrReadOnly
	}
	return "", ErrWire
}

// readOrder reads the order's line.
func readOrder(r *bufio.Reader) (name string, length int64, err error) {
	line, err := r.ReadSlice('\n') // at most the buffer's size
	if err != nil {
		return "", 0, ErrWire
	}
	rest, ok := strings.CutPrefix(strings.TrimSuffix(string(line), "\n"), greeting)
	size, name, _ := strings.Cut(rest, " ")
	length, err = strconv.ParseInt(size, 10, 64)
	if !ok || err != nil || length < 1 || length > Limit || !fileName.MatchString(name) {
		return "", 0, ErrWire
	}
	return name, length, nil
}

// Serve is the helper's side: it takes one order from r, carries it out on the stick that
// is mounted on dir, and answers on w. The error is the answer's, for the journal.
func Serve(dir string, r io.Reader, w io.Writer) error {
	in := bufio.NewReaderSize(r, 512)
	name, length, err := readOrder(in)
	if err == nil {
		name, err = put(dir, name, io.LimitReader(in, length), length)
	}
	answer := "ok " + name
	if err != nil {
		answer = "no read-only " // anything else is the stick's trouble
		for code, known := range codes {
			if errors.Is(err, known) {
				answer = "no " + code + " "
			}
		}
		answer += strings.ReplaceAll(err.Error(), "\n", " ")
	}
	_, werr := io.WriteString(w, answer[:min(len(answer), 500)]+"\n")
	return errors.Join(err, werr)
}
