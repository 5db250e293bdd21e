package app

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"log/slog"
	"os"
	"strings"
	"sync"

	"phoned/internal/devicecert"
	"phoned/internal/logring"
	"phoned/internal/syslog"
	"phoned/phone"
)

// openSyslog makes what sends the log to the configuration's server; nil without one.
func (s *System) openSyslog(o Options, roots *x509.CertPool, device func() phone.DeviceInfo) *syslog.Sender {
	server, ok := o.Config.LogServer()
	if !ok {
		return nil
	}
	facility, ok := syslog.ParseFacility(o.Config.SyslogFacility.Value)
	if !ok {
		facility, _ = syslog.ParseFacility("local0")
	}
	least, ok := logring.ParseLevel(o.Config.SyslogLevel.Value)
	if !ok {
		least = slog.LevelInfo
	}
	conf := &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: roots}
	if s.web.cert != nil { // for a server that wants to know which phone it is (RFC 5425 §4.2.1)
		conf.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return s.web.cert.Certificate(nil) }
	}
	return syslog.New(syslog.Config{
		Ring: s.Logs, Server: server, Facility: facility, Least: least, Origin: origin(o, device()), TLS: conf, Pin: devicecert.PinOf(o.Config.SyslogPin.Value),
		Hush: func() func([]byte) []byte { return s.support.hush().in },
		Gate: s.Gate, Problems: s.Health, Clock: o.Clock, Log: o.Log,
	})
}

// origin says which phone it is, in the device's own words where it has any.
func origin(o Options, d phone.DeviceInfo) syslog.Origin {
	host, _ := os.Hostname()
	return syslog.Origin{Host: host, App: "phoned", PID: os.Getpid(), Version: o.Version,
		Serial: cmp.Or(o.Who.Serial, d.Serial), Model: cmp.Or(o.Who.Model, d.Model), MAC: cmp.Or(o.Who.MAC, strings.ReplaceAll(d.MAC, ":", ""))}
}

// startSyslog sends until over is called, which sends the rest.
func (s *System) startSyslog() (over func()) {
	if s.syslog == nil {
		return func() {}
	}
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	wg.Go(func() { s.syslog.Run(ctx) })
	return func() {
		cancel()
		wg.Wait()
	}
}
