// Command agent runs in the image under test and obeys the test over a virtio serial
// port: a line of JSON is an order, a line of JSON its answer. It is no part of the
// image: the test puts it on the state partition.
package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"time"
)

type order struct {
	Shell string `json:"shell,omitempty"`
	Get   string `json:"get,omitempty"`
	Post  string `json:"post,omitempty"`
	Body  string `json:"body,omitempty"`
}

type answer struct {
	Out  string `json:"out"`
	Code int    `json:"code"`
	Err  string `json:"err,omitempty"`
}

func main() {
	port, err := os.OpenFile("/dev/virtio-ports/bench", os.O_RDWR, 0)
	if err != nil {
		fmt.Fprintln(os.Stderr, "agent:", err)
		os.Exit(1)
	}
	out := json.NewEncoder(port)
	_ = out.Encode(answer{Out: "hello"}) // the port is there
	lines := bufio.NewReader(port)
	for {
		line, err := lines.ReadBytes('\n')
		if err != nil {
			time.Sleep(100 * time.Millisecond) // nobody is connected
			continue
		}
		var o order
		if json.Unmarshal(line, &o) != nil {
			continue
		}
		_ = out.Encode(obey(o))
	}
}

func obey(o order) answer {
	if o.Shell != "" {
		var b bytes.Buffer
		c := exec.Command("/bin/sh", "-c", o.Shell)
		c.Stdout, c.Stderr = &b, &b
		a := answer{}
		if err := c.Run(); err != nil {
			a.Err, a.Code = err.Error(), max(1, c.ProcessState.ExitCode())
		}
		a.Out = b.String()
		return a
	}
	client := &http.Client{Timeout: 20 * time.Second}
	var res *http.Response
	var err error
	if o.Post != "" {
		res, err = client.Post(o.Post, "application/json", strings.NewReader(o.Body))
	} else {
		res, err = client.Get(o.Get)
	}
	if err != nil {
		return answer{Err: err.Error(), Code: 1}
	}
	defer res.Body.Close()
	b, err := io.ReadAll(io.LimitReader(res.Body, 1<<20))
	if err != nil {
		return answer{Err: err.Error(), Code: 1}
	}
	return answer{Out: string(b), Code: res.StatusCode}
}
