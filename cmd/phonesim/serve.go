package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"

	"phoned/internal/app"
)

// serve runs the phone with its front panel until it is interrupted.
func serve(ctx context.Context, o options, out io.Writer, log *slog.Logger) error {
	for {
		err := serveOnce(ctx, o, out, log)
		if !errors.Is(err, app.ErrFactoryReset) {
			return err
		}
		// As on a board, where the service manager starts the phone again.
		fmt.Fprintln(out, "The phone was reset to factory settings and starts again.")
		o.fresh, o.open = true, false
	}
}

func serveOnce(ctx context.Context, o options, out io.Writer, log *slog.Logger) error {
	w, err := start(ctx, o, log, o.listen, false)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "The phone is at %s\n", w.url)
	if w.lab != nil {
		fmt.Fprintf(out, "Lift the handset (space) and dial 9196 for the echo test. The lab's switches are at %s\n", w.lab.AdminURL())
	}
	if w.bench != nil {
		fmt.Fprintln(out, "No sound card is used: a spoken sentence is the microphone, the meters show both ways.")
	}
	if o.open && (os.Getenv("DISPLAY") != "" || os.Getenv("WAYLAND_DISPLAY") != "") {
		if err := exec.Command("xdg-open", w.url).Start(); err != nil {
			log.Info("no browser was opened", "err", err)
		}
	}
	select {
	case <-ctx.Done():
		return w.stop()
	case err := <-w.done:
		return errors.Join(err, w.cleanUp())
	}
}
