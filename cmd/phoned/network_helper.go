package main

import (
	"context"
	"fmt"
	"io"
	"os/signal"
	"syscall"

	"phoned/internal/netsettings"
)

// networkHelper obeys one order about the device's network, as root:
// phoned-network@.service; no command for people.
func networkHelper(in io.Reader, out, complaints io.Writer) int {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	h := netsettings.Helper{System: netsettings.Commands{}}
	if err := h.Serve(ctx, in, out); err != nil {
		fmt.Fprintln(complaints, "network-helper:", err)
		return 1
	}
	return 0
}
