package dhcpask

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"strings"
	"time"
)

const (
	// maxOffer is what an option of DHCP holds, in bytes.
	maxOffer = 255
	// maxOffers bounds what the phone reads of its helper.
	maxOffers = 16
	// maxWait is how long the phone waits for its helper, which asks three times (tryTime,
	// then twice and four times that) and has to be started first.
	maxWait = 25 * time.Second
)

// Offers asks the helper behind the socket. An error means that nobody could be asked;
// a site that says nothing gives none.
func Offers(ctx context.Context, socket string) ([]string, error) {
	ctx, cancel := context.WithTimeout(ctx, maxWait)
	defer cancel()
	conn, err := new(net.Dialer).DialContext(ctx, "unix", socket)
	if err != nil {
		return nil, fmt.Errorf("ask DHCP for the site's server: %w", err)
	}
	defer conn.Close()
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	defer stop()
	said, err := read(conn)
	if ctx.Err() != nil { // which closed it
		err = fmt.Errorf("DHCP's helper does not answer: %w", ctx.Err())
	}
	return said, err
}

// Serve answers one question: a line for each offer.
func Serve(ctx context.Context, w io.Writer) error {
	offers, err := Ask(ctx)
	if err != nil {
		return err
	}
	return write(w, offers)
}

func write(w io.Writer, offers []string) error {
	var b strings.Builder
	for _, o := range offers {
		b.WriteString(o + "\n")
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// read takes the lines of the helper, as far as they are offers.
func read(r io.Reader) ([]string, error) {
	var out []string
	s := bufio.NewScanner(io.LimitReader(r, maxOffers*(maxOffer+1)))
	for s.Scan() && len(out) < maxOffers {
		if o, ok := clean(s.Text()); ok {
			out = append(out, o)
		}
	}
	if err := s.Err(); err != nil {
		return out, fmt.Errorf("what DHCP's helper says: %w", err)
	}
	return out, nil
}

// clean is an offer as one line of printable ASCII; false: it is none.
func clean(s string) (string, bool) {
	s = strings.TrimSpace(strings.Trim(s, "\x00"))
	strange := strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r > '~' })
	return s, s != "" && len(s) <= maxOffer && !strange
}
