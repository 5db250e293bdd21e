package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os/signal"
	"path/filepath"
	"syscall"

	"phoned/internal/app"
	"phoned/update"
)

// dataFolder is the default of -data; the update helper takes bundles from there only.
const dataFolder = "/var/lib/phoned"

// updateHelper obeys one order of the phone's, as root: phoned-update@.service.
func updateHelper(in io.Reader, out, complaints io.Writer) int {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	h := update.Helper{Installer: update.RAUC{}, File: filepath.Join(dataFolder, update.StagedName), Kept: update.KeptFile}
	if err := h.Serve(ctx, in, out); err != nil {
		fmt.Fprintln(complaints, "update-helper:", err)
		return 1
	}
	return 0
}

// startUpdates begins with what runs; stop ends it and waits.
func startUpdates(ctx context.Context, o options, log *slog.Logger) (u *app.Updates, stop func()) {
	u = app.NewUpdates(app.UpdatesConfig{DataDir: o.data, Slots: &update.Client{}, StickDir: stickDir, Patience: app.StartTime, Log: log})
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() { defer close(done); u.Run(ctx) }()
	return u, func() { cancel(); <-done }
}
