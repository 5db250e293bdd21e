package update

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"syscall"
)

// Client gives orders to the helper. It is safe for concurrent use.
type Client struct {
	Socket string // "": DefaultSocket
}

// Where things are on a phone.
const (
	DefaultSocket = "/run/phoned/update.sock"
	KeptFile      = "/var/lib/phoned-update/attempt.json"
	// StagedName is the bundle's name in the phone's data folder.
	StagedName = "update.raucb"
)

// call gives one order and follows its answers. A fault has its reason.
func (c *Client) call(ctx context.Context, o order, progress func(int)) (answer, error) {
	conn, err := (&net.Dialer{}).DialContext(ctx, "unix", orElse(c.Socket, DefaultSocket))
	if err != nil {
		return answer{}, fmt.Errorf("%w: %w", ErrNoHelper, err)
	}
	defer conn.Close()
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	defer stop()
	if err := json.NewEncoder(conn).Encode(o); err != nil {
		return answer{}, fmt.Errorf("%w: %w", ErrNoHelper, err)
	}
	lines := bufio.NewScanner(conn)
	for lines.Scan() {
		var a answer
		if err := json.Unmarshal(lines.Bytes(), &a); err != nil {
			return answer{}, fmt.Errorf("%w: its answer is not understood", ErrNoHelper)
		}
		switch {
		case !a.Done:
			if progress != nil {
				progress(a.Percent)
			}
		case a.Error != "":
			return a, &fault{a.Reason, errors.New(a.Error)}
		default:
			return a, nil
		}
	}
	if ctx.Err() != nil {
		return answer{}, ctx.Err()
	}
	return answer{}, fmt.Errorf("%w: it ended in the middle of an order", ErrNoHelper)
}

// Status asks for the system that runs. Where no helper is installed the way is
// Packages.
func (c *Client) Status(ctx context.Context) (Boot, error) {
	a, err := c.call(ctx, order{Op: "status"}, nil)
	switch {
	case errors.Is(err, os.ErrNotExist) || errors.Is(err, syscall.ECONNREFUSED):
		return Boot{Way: Packages}, nil
	case err != nil:
		return Boot{Way: Unknown}, err
	case a.Boot == nil:
		return Boot{Way: Unknown}, ErrNoHelper
	}
	return *a.Boot, nil
}

// Inspect has the fetched bundle verified.
func (c *Client) Inspect(ctx context.Context) (Bundle, error) {
	a, err := c.call(ctx, order{Op: "inspect"}, nil)
	if err != nil {
		return Bundle{}, err
	}
	if a.Bundle == nil {
		return Bundle{}, ErrNoHelper
	}
	return *a.Bundle, nil
}

// Install has it written to the slot that does not run.
func (c *Client) Install(ctx context.Context, a Attempt, progress func(int)) error {
	_, err := c.call(ctx, order{Op: "install", Attempt: &a}, progress)
	return err
}

// Confirm says that the system that runs stays.
func (c *Client) Confirm(ctx context.Context) error { return c.simple(ctx, order{Op: "confirm"}) }

// Reject leaves the system that runs for the one before.
func (c *Client) Reject(ctx context.Context, r Reason, detail string) error {
	return c.simple(ctx, order{Op: "reject", Reason: r, Detail: detail})
}

// Forget removes the attempt.
func (c *Client) Forget(ctx context.Context) error { return c.simple(ctx, order{Op: "forget"}) }

// Reboot restarts the board.
func (c *Client) Reboot(ctx context.Context) error { return c.simple(ctx, order{Op: "reboot"}) }

func (c *Client) simple(ctx context.Context, o order) error {
	_, err := c.call(ctx, o, nil)
	return err
}
