package app

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"net/netip"

	"phoned/internal/health"
	"phoned/internal/httpcall"
	"phoned/internal/secret"
	"phoned/manage"
	"phoned/phone"
	"phoned/provisioning"
)

// Enroller offers the sign-in page of the phone's own until somebody has signed in
// on it; *manage.Enrolment is one.
type Enroller interface {
	Run(ctx context.Context, show func(manage.EnrolOffer)) error
}

// enrolPort is where the page is, if nobody else is there: it may have to be typed.
const enrolPort = 8444

// codeEnrolTries: somebody tries codes.
const codeEnrolTries = "enrol.tries"

// enrolment is the page of an assembled phone; nil where it knows no server to sign
// in at, or has no certificate.
func (s *System) enrolment(o Options) Enroller {
	cert := s.web.cert
	if o.Config.OAuthEndpoint.Value == "" || cert == nil {
		return nil
	}
	address := reachable
	if o.Loopback {
		address = func() netip.Addr { return netip.AddrFrom4([4]byte{127, 0, 0, 1}) }
	}
	return manage.NewEnrolment(manage.EnrolConfig{
		SignIn: func(ctx context.Context, email string, password secret.String) phone.SignInWhy {
			err := s.Phone.account.SignIn(ctx, email, password)
			if err != nil {
				s.log.Warn("sign-in on the phone's page", "err", err)
			}
			return whyOf(err)
		},
		Certificate: func() (*tls.Certificate, error) { return cert.Certificate(nil) },
		Address:     address, Port: enrolPort,
		Audit: func(what string, detail map[string]any) {
			detail["what"] = what
			s.Bus.Publish(o.Clock.Now(), "enrolment", detail)
		},
		Life: o.PageLife, Clock: o.Clock, Log: o.Log,
	})
}

// reachable is the address that a browser beside the phone would use: IPv4 before
// IPv6, private before public; the zero Addr without a network.
func reachable() netip.Addr {
	list, err := net.InterfaceAddrs()
	if err != nil {
		return netip.Addr{}
	}
	var best netip.Addr
	rank := 0
	for _, a := range list {
		n, ok := a.(*net.IPNet)
		if !ok {
			continue
		}
		at, _ := netip.AddrFromSlice(n.IP)
		if r := addressRank(at.Unmap()); r > rank {
			best, rank = at.Unmap(), r
		}
	}
	return best
}

func addressRank(a netip.Addr) int {
	switch {
	case !a.IsValid() || a.IsLoopback() || a.IsLinkLocalUnicast() || a.IsMulticast() || a.IsUnspecified():
		return 0
	case a.Is4() && a.IsPrivate():
		return 4
	case a.Is4():
		return 3
	case a.IsPrivate():
		return 2
	}
	return 1
}

// usePage shows the page's code until it was used or is over.
func (p *Phone) usePage(ctx context.Context) error {
	return p.cfg.Enrol.Run(ctx, func(o manage.EnrolOffer) {
		p.solved(codeNoCode, "")
		p.loop.Post(phone.SessionChanged{Session: phone.SessionInfo{
			State: phone.SessionPending, URL: o.URL, QR: o.QR, Code: o.Code, Until: o.Expires, Fingerprint: o.Fingerprint,
		}})
	})
}

// noGrant: the server offers no sign-in by a code; one that can't be reached or
// has trouble may.
func noGrant(err error) bool {
	var he *httpcall.Error
	if errors.Is(err, provisioning.ErrDenied) || errors.Is(err, provisioning.ErrExpired) {
		return false
	}
	return errors.Is(err, provisioning.ErrGrant) ||
		errors.As(err, &he) && he.Status >= http.StatusBadRequest && he.Status != http.StatusTooManyRequests && !he.Temporary()
}

// triedTooOften tells of somebody who tries codes or passwords on the page.
func (p *Phone) triedTooOften(err error) {
	p.log.Warn("the sign-in page was closed", "err", err)
	p.problem(health.Problem{Code: codeEnrolTries, Severity: health.Warning, Detail: err.Error(),
		Title: "Too many tries on the sign-in page.", Advice: "A new code follows. If nobody of yours tried, look who else is in this network."})
}
