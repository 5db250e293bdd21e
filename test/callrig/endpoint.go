package main

import (
	"bytes"
	"context"
	"encoding/gob"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"sync"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// The media endpoint is a process of its own (callrig -endpoint): it only sends
// what it was given when it was told to, and keeps what comes with the kernel's
// arrival times. All its threads run under SCHED_RR where that is allowed, so
// neither a busy machine nor the rig's own work shows in the figures.
//
//	rig ←─ port ──── endpoint
//	rig ── plan ───→ endpoint ⇄ phone
//	rig ←─ report ── endpoint

// plan is what to send, in the order of time.
type plan struct {
	To      netip.AddrPort
	At      []time.Duration // since the beginning
	Packets [][]byte
	Linger  time.Duration // to listen after the last
}

// arrival is a datagram that came, and when, since the beginning.
type arrival struct {
	At   time.Duration
	Data []byte
}

// report is what became of a plan.
type report struct {
	Sent     int
	Late     time.Duration // the worst lateness of the endpoint's own sending
	Arrivals []arrival
}

const endpointPriority = 30

// realtime puts all threads of the process under SCHED_RR; threads made later
// inherit it.
func realtime(priority uint32) error {
	tasks, err := os.ReadDir("/proc/self/task")
	if err != nil {
		return err
	}
	var errs []error
	for _, t := range tasks {
		id, _ := strconv.Atoi(t.Name())
		attr := unix.SchedAttr{Size: unix.SizeofSchedAttr, Policy: unix.SCHED_RR, Priority: priority}
		errs = append(errs, unix.SchedSetAttr(id, &attr, 0))
	}
	return errors.Join(errs...)
}

// serveEndpoint is the endpoint's process. Without the right to real-time
// scheduling it works as well as it can; report.Late tells how well.
func serveEndpoint(in io.Reader, out io.Writer) error {
	_ = realtime(endpointPriority)
	conn, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		return err
	}
	defer conn.Close()
	if err := errors.Join(conn.SetReadBuffer(4<<20), stampArrivals(conn)); err != nil {
		return err
	}
	enc := gob.NewEncoder(out)
	if err := enc.Encode(conn.LocalAddr().(*net.UDPAddr).Port); err != nil {
		return err
	}
	var p plan
	if err := gob.NewDecoder(in).Decode(&p); err != nil {
		return fmt.Errorf("reading the plan: %w", err)
	}
	r, err := p.carryOut(conn)
	if err != nil {
		return err
	}
	return enc.Encode(r)
}

func (p plan) carryOut(conn *net.UDPConn) (report, error) {
	var r report
	var listening sync.WaitGroup
	begin := time.Now().Add(20 * time.Millisecond)
	listening.Go(func() { r.Arrivals = listen(conn, begin) })
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	var err error
	for i, at := range p.At {
		sleepUntil(begin.Add(at))
		r.Late = max(r.Late, time.Since(begin.Add(at)))
		if _, err = conn.WriteToUDPAddrPort(p.Packets[i], p.To); err != nil {
			err = fmt.Errorf("sending voice to the phone: %w", err)
			break
		}
		r.Sent++
	}
	time.Sleep(p.Linger)
	conn.Close()
	listening.Wait()
	return r, err
}

// sleepUntil sleeps in the kernel: a Go timer would depend on other threads.
func sleepUntil(t time.Time) {
	for d := time.Until(t); d > 0; d = time.Until(t) {
		ts := unix.NsecToTimespec(int64(d))
		_ = unix.ClockNanosleep(unix.CLOCK_MONOTONIC, 0, &ts, nil) // a signal ends it early
	}
}

// listen collects datagrams until conn is closed.
func listen(conn *net.UDPConn, begin time.Time) []arrival {
	var all []arrival
	buf := make([]byte, 65536)
	for {
		n, _, at, err := readStamped(conn, buf)
		if err != nil {
			return all
		}
		all = append(all, arrival{at.Sub(begin.Round(0)), bytes.Clone(buf[:n])})
	}
}

// stampArrivals asks the kernel for arrival times.
func stampArrivals(conn *net.UDPConn) error {
	raw, err := conn.SyscallConn()
	if err != nil {
		return err
	}
	var set error
	err = raw.Control(func(fd uintptr) {
		set = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_TIMESTAMPNS, 1)
	})
	return errors.Join(err, set)
}

// readStamped reads a datagram with the kernel's arrival time, on the wall
// clock.
func readStamped(conn *net.UDPConn, buf []byte) (n int, from netip.AddrPort, at time.Time, err error) {
	var control [128]byte
	n, m, _, from, err := conn.ReadMsgUDPAddrPort(buf, control[:])
	at = time.Now().Round(0)
	if err != nil {
		return n, from, at, err
	}
	messages, _ := unix.ParseSocketControlMessage(control[:m])
	for _, c := range messages {
		if c.Header.Type == unix.SO_TIMESTAMPNS && len(c.Data) >= int(unsafe.Sizeof(unix.Timespec{})) {
			at = time.Unix((*unix.Timespec)(unsafe.Pointer(&c.Data[0])).Unix())
		}
	}
	return n, from, at, nil
}

// endpoint is the rig's end of an endpoint's process.
type endpoint struct {
	Port int
	cmd  *exec.Cmd
	in   io.WriteCloser
	out  *gob.Decoder
}

// startEndpoint starts a media endpoint; ctx ends it.
func startEndpoint(ctx context.Context) (*endpoint, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	e := &endpoint{cmd: exec.CommandContext(ctx, self, "-endpoint")}
	e.cmd.Stderr = os.Stderr
	if e.in, err = e.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := e.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := e.cmd.Start(); err != nil {
		return nil, err
	}
	e.out = gob.NewDecoder(out)
	if err := e.out.Decode(&e.Port); err != nil {
		return nil, errors.Join(fmt.Errorf("the media endpoint did not start: %w", err), e.close())
	}
	return e, nil
}

// run carries out a plan; it takes as long as the call.
func (e *endpoint) run(p plan) (r report, err error) {
	if err := gob.NewEncoder(e.in).Encode(p); err != nil {
		return r, err
	}
	err = e.out.Decode(&r)
	return r, err
}

// close ends the process, whatever it is doing.
func (e *endpoint) close() error {
	_ = e.in.Close()
	_ = e.cmd.Process.Kill() // it may have ended by itself
	_ = e.cmd.Wait()
	return nil
}
