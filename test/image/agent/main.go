// Command agent runs in the image under test and obeys the test over a virtio serial
// port (package bench). It is no part of the image: the test puts it on the state
// partition.
package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"time"

	"phoned/test/image/bench"
)

// longest is how long an order may take; the test has given up long before.
const longest = 10 * time.Minute

func main() {
	id, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		fmt.Fprintln(os.Stderr, "agent:", err)
		os.Exit(1)
	}
	pause := func() bool { time.Sleep(100 * time.Millisecond); return true }
	for {
		// The port's name comes late, with udev; the port itself may go and come.
		port, err := os.OpenFile("/dev/virtio-ports/bench", os.O_RDWR, 0)
		if err == nil {
			err = bench.Serve(port, strings.TrimSpace(string(id)), pause, obey)
			_ = port.Close()
		}
		fmt.Fprintln(os.Stderr, "agent:", err)
		time.Sleep(time.Second)
	}
}

func obey(o bench.Order) bench.Answer {
	ctx, cancel := context.WithTimeout(context.Background(), longest)
	defer cancel()
	if o.Shell != "" {
		var b bytes.Buffer
		c := exec.CommandContext(ctx, "/bin/sh", "-c", o.Shell)
		c.Stdout, c.Stderr, c.WaitDelay = &b, &b, time.Second
		a := bench.Answer{}
		if err := c.Run(); err != nil {
			a.Err, a.Code = err.Error(), max(1, c.ProcessState.ExitCode())
		}
		a.Out = b.String()
		return a
	}
	method, url := http.MethodGet, o.Get
	if o.Post != "" {
		method, url = http.MethodPost, o.Post
	}
	req, err := http.NewRequestWithContext(ctx, method, url, strings.NewReader(o.Body))
	if err != nil {
		return bench.Answer{Err: err.Error(), Code: 1}
	}
	if o.Type != "" {
		req.Header.Set("Content-Type", o.Type)
	}
	res, err := (&http.Client{Timeout: 20 * time.Second}).Do(req)
	if err != nil {
		return bench.Answer{Err: err.Error(), Code: 1}
	}
	defer res.Body.Close()
	b, err := io.ReadAll(io.LimitReader(res.Body, 1<<20))
	if err != nil {
		return bench.Answer{Err: err.Error(), Code: 1}
	}
	return bench.Answer{Out: string(b), Code: res.StatusCode}
}
