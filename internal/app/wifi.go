package app

import (
	"context"
	"log/slog"
	"time"

	"phoned/internal/health"
	"phoned/provisioning"
)

// WiFi sets up the wireless networks that a phone was told of.
type WiFi interface {
	// Apply makes the device's wireless networks those that are given, of which the
	// first that can be heard is joined; country (ISO 3166, "": not known) says which
	// channels are allowed. It is called at the start of every phone, also with none
	// if there were some before, and must leave a connection alone that fits already.
	// It returns when the settings are in force, not when a network is joined.
	Apply(ctx context.Context, country string, networks []provisioning.WiFi) error
}

// codeWiFi: the wireless networks are not set up.
const codeWiFi = "config.wifi"

// wifiTime bounds Apply.
const wifiTime = 30 * time.Second

// applyWiFi hands the networks over, or says plainly that nobody takes them.
func applyWiFi(ctx context.Context, w WiFi, c provisioning.Config, problems *health.Registry, log *slog.Logger) {
	if w == nil {
		if len(c.WiFi.Value) > 0 {
			problems.Set(health.Problem{Code: codeWiFi, Severity: health.Warning, Title: "Wi-Fi is not set up",
				Advice: "This phone knows Wi-Fi networks but has nothing that can set them up. Connect it by cable.",
				Detail: c.WiFi.Source.String() + ": " + c.Show("wifi")})
		}
		return
	}
	ctx, cancel := context.WithTimeout(ctx, wifiTime)
	defer cancel()
	if err := w.Apply(ctx, c.Country.Value, c.WiFi.Value); err != nil {
		log.Warn("the wireless networks could not be set up", "err", err)
		problems.Set(health.Problem{Code: codeWiFi, Severity: health.Error, Title: "Wi-Fi can't be set up",
			Advice: "Check the Wi-Fi networks in " + c.WiFi.Source.String() + ", or connect the phone by cable.", Detail: err.Error()})
		return
	}
	problems.Clear(codeWiFi, "")
}
