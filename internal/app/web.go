package app

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"

	"phoned/internal/devicecert"
	"phoned/internal/health"
	"phoned/manage"
	"phoned/manage/access"
	"phoned/phone"
	"phoned/store"
)

// codeWebAddress is the problem of a web page that can't be reached.
const codeWebAddress = "web.address"

// web is the phone's management over the network: who may, with which certificate,
// and on which of its addresses.
type web struct {
	s    *System
	o    Options
	book *access.Book
	cert *devicecert.Keeper
	// clients vouch for client certificates; nil: none is asked for.
	clients *x509.CertPool
	where   []string // off, all, loopback, interfaces and addresses
	// announced is the name by mDNS: one label; nil: none.
	announced atomic.Pointer[string]
}

// openWeb opens accounts and certificate. A phone without a certificate is managed
// from this machine only.
func (s *System) openWeb(o Options, secrets *store.Secrets) *web {
	w := &web{s: s, o: o, where: o.Config.WebListen.Value}
	w.book = access.Open(access.Config{Vault: secrets, Now: o.Clock.Now, Log: o.Log})
	if err := w.book.Provision(strings.Fields(o.Config.WebAccounts.Value.Reveal()), strings.Fields(o.Config.WebTokens.Value.Reveal())); err != nil {
		s.Health.Set(health.Problem{Code: "config.web_accounts", Severity: health.Error, Title: "An account of the configuration can't be used",
			Advice: "Correct web_accounts and web_tokens.", Detail: err.Error()})
	}
	if o.Config.WebAnnounce.Value && !slices.Contains(w.where, "off") {
		host := announcedHost(o)
		w.announced.Store(&host)
	}
	s.certified(w)
	var err error
	if w.cert, err = devicecert.Open(devicecert.Config{Vault: secrets, Names: w.names, Now: o.Clock.Now, Log: o.Log}); err != nil {
		w.cert = nil
		s.Health.Set(health.Problem{Code: "web.certificate", Severity: health.Error, Title: "The web page has no certificate", Detail: err.Error()})
	}
	return w
}

// certified opens the management to client certificates. An authority that can't be
// read lets nobody in by one.
func (s *System) certified(w *web) {
	pool, err := w.o.Config.ClientCAs()
	if err == nil && pool != nil {
		err = w.book.ProvisionCertified(w.o.Config.WebClientAccounts.Value)
	}
	w.clients = pool
	if err != nil {
		s.Health.Set(health.Problem{Code: "config.web_client_ca", Severity: health.Error, Title: "Client certificates can't be used",
			Advice: "Correct web_client_ca and web_client_accounts.", Detail: err.Error()})
	}
}

// off says whether the configuration keeps the network out.
func (w *web) off() bool {
	return w.cert == nil || len(w.where) == 0 || slices.Contains(w.where, "off")
}

// names are what the certificate is made out to, and what Host may say.
func (w *web) names() devicecert.Names {
	host, _ := os.Hostname()
	n := devicecert.Names{Host: host, DNS: slices.Clone(w.o.Config.WebNames.Value)}
	if host != "" && !strings.Contains(host, ".") {
		n.DNS = append(n.DNS, host+".local") // mDNS (RFC 6762 §3)
	}
	if a := w.announced.Load(); a != nil && *a != host {
		n.DNS = append(n.DNS, *a+".local")
	}
	addrs, err := net.InterfaceAddrs()
	if err != nil {
		return n
	}
	for _, a := range addrs {
		if p, err := netip.ParsePrefix(a.String()); err == nil {
			n.Addresses = append(n.Addresses, p.Addr())
		}
	}
	return n
}

// allowed says whether the phone is managed by way of one of its addresses now.
func (w *web) allowed(local netip.Addr) bool {
	if w.off() || w.s.Phone.View().Settings.WebOff {
		return false
	}
	for _, where := range w.where {
		if where == "all" || where == "loopback" && local.IsLoopback() {
			return true
		}
		if a, err := netip.ParseAddr(where); err == nil {
			if a.Unmap().WithZone("") == local {
				return true
			}
			continue
		}
		if onInterface(where, local) {
			return true
		}
	}
	return false
}

func onInterface(name string, local netip.Addr) bool {
	i, err := net.InterfaceByName(name)
	if err != nil {
		return false
	}
	addrs, err := i.Addrs()
	if err != nil {
		return false
	}
	return slices.ContainsFunc(addrs, func(a net.Addr) bool {
		p, err := netip.ParsePrefix(a.String())
		return err == nil && p.Addr().Unmap().WithZone("") == local
	})
}

// info is what the phone's own screen says of it.
func (w *web) info(addresses []string) phone.WebInfo {
	if w.off() {
		return phone.WebInfo{}
	}
	out := phone.WebInfo{Served: true, Words: w.cert.Info().Words}
	port := ""
	if p := w.o.Config.WebPort.Value; p != 443 {
		port = ":" + strconv.FormatInt(p, 10)
	}
	for _, a := range addresses {
		ip, err := netip.ParseAddr(a)
		if err != nil || !ip.Is4() || len(out.Addresses) == 2 { // what fits a row and is typed
			continue
		}
		out.Addresses = append(out.Addresses, "https://"+a+port)
	}
	for _, a := range w.book.Accounts() {
		if !a.Provisioned {
			out.Accounts++
		}
	}
	return out
}

// ShowFirst implements manage.FirstAccess: the request stands on the phone's screen.
func (w *web) ShowFirst(r access.Request, refused func()) {
	id := w.s.Phone.offers.ask(r.ID, refused)
	code := r.Code
	if len(code) == 8 {
		code = code[:4] + " " + code[4:]
	}
	w.s.Phone.loop.Post(phone.Offered{Offer: phone.Offer{ID: id, Kind: phone.OfferAccess, From: r.From.String(), Code: code}})
}

// EndFirst implements manage.FirstAccess.
func (w *web) EndFirst(id string) {
	if offer, ok := w.s.Phone.offers.answered(id); ok {
		w.s.Phone.loop.Post(phone.OfferEnded{ID: offer})
	}
	w.s.Phone.tellDevice()
}

// forget is "forget all accounts" of the phone's menu.
func (w *web) forget() {
	if err := w.book.Forget(); err != nil {
		w.s.log.Error("the accounts of the web access were not forgotten", "err", err)
	}
	if err := w.s.DB.AddAudit(context.Background(), store.AuditEntry{At: w.o.Clock.Now(), Name: "", Role: "anyone", Means: "phone", What: "forgetAccounts", Status: 204, Count: 1}); err != nil {
		w.s.log.Warn("the audit log can't be written", "err", err)
	}
	w.s.Phone.tellDevice()
}

// Network is what the management is served on beside this machine's own address.
type Network struct {
	TLS, HTTP net.Listener // nil: not
	TLSPort   string       // where Redirect leads to
}

// NetworkPorts says on which ports the configuration wants it; false: on none.
func (s *System) NetworkPorts() (tls, http int, on bool) {
	c := s.web.o.Config
	return int(c.WebPort.Value), int(c.WebHTTPPort.Value), !s.web.off()
}

// UseNetwork has Run serve on n, which it then owns.
func (s *System) UseNetwork(n Network) { s.network = n }

// serveNetwork serves until the server is closed; wait returns when all is over.
func (s *System) serveNetwork() (wait func() error) {
	var wg sync.WaitGroup
	var mu sync.Mutex
	var errs []error
	serve := func(l net.Listener, f func(net.Listener) error) {
		if l == nil {
			return
		}
		wg.Go(func() {
			if err := f(manage.Limit(l, s.web.allowed)); err != nil {
				mu.Lock()
				errs = append(errs, err)
				mu.Unlock()
			}
		})
	}
	serve(s.network.TLS, s.Server.ServeTLS)
	serve(s.network.HTTP, func(l net.Listener) error { return s.Server.Redirect(l, s.network.TLSPort) })
	return func() error {
		wg.Wait()
		if len(errs) > 0 {
			return fmt.Errorf("the web page ended: %w", errors.Join(errs...))
		}
		return nil
	}
}

// NoNetwork says that the web page can't be reached.
func (s *System) NoNetwork(err error) {
	s.Health.Set(health.Problem{Code: codeWebAddress, Severity: health.Warning, Title: "The web page can't be reached",
		Advice: "Another program may have the port, or the phone may not open it: start phoned.socket, or set web_port.", Detail: err.Error()})
}
