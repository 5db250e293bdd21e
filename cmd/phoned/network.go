package main

import (
	"errors"
	"log/slog"
	"net"
	"strconv"

	"phoned/internal/app"
	"phoned/internal/sdnotify"
)

// The names of the sockets in phoned.socket.
const (
	socketTLS  = "web-tls"
	socketHTTP = "web-http"
)

// openNetwork opens the management's ports, or takes those that systemd has opened. A
// phone that nobody can manage over the network is still a phone: it says so.
func openNetwork(s *app.System, sockets sdnotify.Sockets, log *slog.Logger) {
	tls, http, on := s.NetworkPorts()
	if !on {
		return
	}
	n := app.Network{TLSPort: strconv.Itoa(tls)}
	var err error
	if n.TLS, err = port(sockets, socketTLS, tls); err != nil {
		s.NoNetwork(err)
		return
	}
	log.Info("management over TLS", "addr", n.TLS.Addr().String())
	if http != 0 {
		if n.HTTP, err = port(sockets, socketHTTP, http); err != nil {
			log.Warn("nothing leads from http to https", "err", err)
		}
	}
	s.UseNetwork(n)
}

func port(sockets sdnotify.Sockets, name string, number int) (net.Listener, error) {
	l, err := sockets.Listen(name)
	if errors.Is(err, sdnotify.ErrNoSocket) {
		return net.Listen("tcp", ":"+strconv.Itoa(number))
	}
	return l, err
}
