package bench_test

import (
	"errors"
	"io"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"phoned/test/image/bench"
)

func never() bool { return false }

func echo(o bench.Order) bench.Answer { return bench.Answer{Out: o.Shell + o.Get, Code: 7} }

// Torn lines on both ways, and answers nobody waits for, harm no question.
func TestTornLines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		host, board := net.Pipe()
		go func() { _ = bench.Serve(board, "one", never, echo) }()
		l := bench.NewLink(host)
		if _, err := host.Write([]byte(`{"id":1,"shell":"cut o`)); err != nil {
			t.Fatal(err)
		}
		if _, err := board.Write([]byte("noise\n{\"id\":99}\n{\"id\":1,\"boot\":\"tor")); err != nil {
			t.Fatal(err)
		}
		a, err := l.Ask(bench.Order{Shell: "whole"}, time.Minute)
		if err != nil || a.Out != "whole" || a.Code != 7 || a.Boot != "one" {
			t.Errorf("%+v, %v", a, err)
		}
		closeAll(t, host, board)
	})
}

func closeAll(t *testing.T, c ...io.Closer) {
	t.Helper()
	for _, c := range c {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	}
}

// A question to a board that is down costs its time and no more; the next boot is
// found by asking, whoever of the two is there first.
func TestRestart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		host, board := net.Pipe()
		l := bench.NewLink(host)
		began := time.Now()
		if _, err := l.Ask(bench.Order{Shell: "x"}, 5*time.Second); !errors.Is(err, bench.ErrSilent) || time.Since(began) != 5*time.Second {
			t.Errorf("%v after %s", err, time.Since(began))
		}
		// The agent of the first boot stops with the board, the second one comes later.
		stop := make(chan struct{})
		go func() { _ = bench.Serve(&until{board, stop}, "one", never, echo) }()
		if boot, err := l.Next("", time.Minute); err != nil || boot != "one" {
			t.Fatalf("%q, %v", boot, err)
		}
		time.AfterFunc(20*time.Second, func() { close(stop) })
		time.AfterFunc(40*time.Second, func() { _ = bench.Serve(board, "two", never, echo) })
		if boot, err := l.Next("one", time.Minute); err != nil || boot != "two" {
			t.Errorf("%q, %v", boot, err)
		}
		if boot, err := l.Next("two", 10*time.Second); !errors.Is(err, bench.ErrSilent) {
			t.Errorf("%q, %v", boot, err)
		}
		closeAll(t, host, board)
	})
}

// until swallows what is written once the board is down, and reads no more.
type until struct {
	io.ReadWriter
	down chan struct{}
}

var errDown = errors.New("down")

func (u *until) Read(b []byte) (int, error) {
	n, err := u.ReadWriter.Read(b)
	select {
	case <-u.down:
		return 0, errDown
	default:
		return n, err
	}
}

// An order that hangs does not keep another.
func TestHangingOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		host, board := net.Pipe()
		let := make(chan struct{})
		go func() {
			_ = bench.Serve(board, "one", never, func(o bench.Order) bench.Answer {
				if o.Shell == "hang" {
					<-let
				}
				return echo(o)
			})
		}()
		l := bench.NewLink(host)
		if _, err := l.Ask(bench.Order{Shell: "hang"}, time.Second); !errors.Is(err, bench.ErrSilent) {
			t.Error(err)
		}
		if a, err := l.Ask(bench.Order{Shell: "go"}, time.Second); err != nil || a.Out != "go" {
			t.Errorf("%+v, %v", a, err)
		}
		close(let)
		synctest.Wait()
		if a, err := l.Ask(bench.Order{}, time.Second); err != nil || a.Out != "" || a.Boot != "one" {
			t.Errorf("%+v, %v", a, err)
		}
		closeAll(t, host, board)
		if _, err := l.Ask(bench.Order{}, time.Minute); err == nil || errors.Is(err, bench.ErrSilent) {
			t.Errorf("a closed wire: %v", err)
		}
	})
}
