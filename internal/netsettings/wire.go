package netsettings

import (
	"bufio"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"syscall"

	"phoned/internal/secret"
)

// What can go wrong beside the settings themselves.
var (
	// ErrNoHelper: nothing on this system puts settings in force.
	ErrNoHelper = errors.New("nothing on this phone sets up its network")
	// ErrUnmanaged: the network of this system is somebody else's (NetworkManager,
	// dhcpcd): it is not touched.
	ErrUnmanaged = errors.New("this system's network is not systemd-networkd's; set it up with the system's own tools")
	// ErrInvalid: the order is none, or its settings can't be.
	ErrInvalid = errors.New("these settings can't be put in force")
	// ErrNoRadio: there is no Wi-Fi here, or nothing that could use it.
	ErrNoRadio = errors.New("there is no Wi-Fi on this phone")
)

// codes are the errors on the wire.
var codes = map[string]error{"unmanaged": ErrUnmanaged, "invalid": ErrInvalid, "no-radio": ErrNoRadio}

// The order is one line of JSON, and so is the answer.
type (
	order struct {
		Op       string   `json:"op"` // apply, scan
		Settings Settings `json:"settings"`
		Keys     []string `json:"keys,omitempty"` // the passphrases, which Settings never tells
	}
	answer struct {
		Changed bool    `json:"changed,omitempty"`
		Heard   []Heard `json:"heard,omitempty"`
		Code    string  `json:"code,omitempty"`
		Error   string  `json:"error,omitempty"`
	}
)

// maxOrder bounds what the helper reads of the phone's user.
const maxOrder = 32 << 10

// DefaultSocket is where the helper listens.
const DefaultSocket = "/run/phoned/network.sock"

// Client gives orders to the helper. It is safe for concurrent use.
type Client struct {
	Socket string // "": DefaultSocket
}

// Apply puts settings in force, and returns when they are; it waits for no address.
// changed: they were not in force before.
// Where nothing is wanted and there is no helper, all is well. Errors: ErrNoHelper and
// those of codes.
func (c *Client) Apply(ctx context.Context, s Settings) (changed bool, err error) {
	o := order{Op: "apply", Settings: s}
	for _, w := range s.WiFi {
		o.Keys = append(o.Keys, w.Passphrase.Reveal())
	}
	a, err := c.call(ctx, o)
	if s.Empty() && (errors.Is(err, ErrNoHelper) || errors.Is(err, ErrUnmanaged)) {
		return false, nil
	}
	return a.Changed, err
}

// Scan listens for wireless networks, the strongest first. Errors as Apply's.
func (c *Client) Scan(ctx context.Context) ([]Heard, error) {
	a, err := c.call(ctx, order{Op: "scan"})
	return a.Heard, err
}

func (c *Client) call(ctx context.Context, o order) (answer, error) {
	conn, err := (&net.Dialer{}).DialContext(ctx, "unix", cmp.Or(c.Socket, DefaultSocket))
	if errors.Is(err, os.ErrNotExist) || errors.Is(err, syscall.ECONNREFUSED) {
		return answer{}, ErrNoHelper
	}
	if err != nil {
		return answer{}, fmt.Errorf("%w: %w", ErrNoHelper, err)
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { _ = conn.Close() })()
	if err := json.NewEncoder(conn).Encode(o); err != nil {
		return answer{}, fmt.Errorf("%w: %w", ErrNoHelper, err)
	}
	var a answer
	if err := json.NewDecoder(io.LimitReader(conn, maxAnswer)).Decode(&a); err != nil {
		return answer{}, fmt.Errorf("%w: it gave no answer", ErrNoHelper)
	}
	if a.Error == "" {
		return a, nil
	}
	if kind, ok := codes[a.Code]; ok {
		return a, fmt.Errorf("%w: %s", kind, a.Error)
	}
	return a, errors.New(a.Error)
}

// maxAnswer bounds what the phone reads of the helper.
const maxAnswer = 64 << 10

// Serve reads one order, obeys it and answers. The error is the connection's.
func (h *Helper) Serve(ctx context.Context, r io.Reader, w io.Writer) error {
	line, err := bufio.NewReader(io.LimitReader(r, maxOrder)).ReadBytes('\n')
	if err != nil {
		return fmt.Errorf("read the order: %w", err)
	}
	var a answer
	if err := h.obey(ctx, line, &a); err != nil {
		a.Error = err.Error()
		for code, kind := range codes {
			if errors.Is(err, kind) {
				a.Code = code
			}
		}
	}
	return json.NewEncoder(w).Encode(a)
}

func (h *Helper) obey(ctx context.Context, line []byte, a *answer) (err error) {
	var o order
	if err := json.Unmarshal(line, &o); err != nil {
		return fmt.Errorf("%w: the order is not understood", ErrInvalid)
	}
	switch o.Op {
	case "apply":
		if len(o.Keys) != len(o.Settings.WiFi) {
			return fmt.Errorf("%w: keys are missing", ErrInvalid)
		}
		for i, k := range o.Keys {
			o.Settings.WiFi[i].Passphrase = secret.New(k)
		}
		if !o.Settings.Valid() {
			return ErrInvalid
		}
		a.Changed, err = h.Apply(ctx, o.Settings)
		return err
	case "scan":
		a.Heard, err = h.Scan(ctx)
		return err
	}
	return fmt.Errorf("%w: no such order", ErrInvalid)
}
