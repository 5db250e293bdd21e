package dhcpask

import (
	"context"
	"fmt"
	"net"
	"slices"
	"sync"
	"time"

	"github.com/insomniacslk/dhcp/dhcpv4"
	"github.com/insomniacslk/dhcp/dhcpv4/nclient4"
)

const (
	tryTime = 2 * time.Second // RFC 2131 §4.1 begins with 4 s; a site's server is near
	tries   = 3
)

// Ask asks on all interfaces that are up and have an IPv4 address, all at once, and
// gives each offer once, in the order of the interfaces. An interface on which nobody
// answers gives none: an error says that it could not be asked on any.
func Ask(ctx context.Context) ([]string, error) {
	links, err := net.Interfaces()
	if err != nil {
		return nil, fmt.Errorf("list the network's interfaces: %w", err)
	}
	said := make([]string, len(links))
	errs := make([]error, len(links))
	var wg sync.WaitGroup
	asked := 0
	for i, l := range links {
		at := address(l)
		if at == nil {
			continue
		}
		asked++
		wg.Go(func() { said[i], errs[i] = askOn(ctx, l.Name, at) })
	}
	wg.Wait()
	var out []string
	for _, s := range said {
		if o, ok := clean(s); ok && !slices.Contains(out, o) {
			out = append(out, o)
		}
	}
	errs = slices.DeleteFunc(errs, func(e error) bool { return e == nil })
	if asked > 0 && len(errs) == asked {
		return nil, errs[0]
	}
	return out, nil
}

// Possible reports whether there is an interface to ask on: without one the helper
// need not be started.
func Possible() bool {
	links, err := net.Interfaces()
	return err != nil || slices.ContainsFunc(links, func(l net.Interface) bool { return address(l) != nil })
}

// address is what the interface has of IPv4, nil if DHCP can't be asked there.
func address(l net.Interface) net.IP {
	if l.Flags&net.FlagUp == 0 || l.Flags&net.FlagBroadcast == 0 || l.Flags&net.FlagLoopback != 0 {
		return nil
	}
	addrs, err := l.Addrs()
	if err != nil {
		return nil
	}
	for _, a := range addrs {
		if n, ok := a.(*net.IPNet); ok && n.IP.To4() != nil && n.IP.IsGlobalUnicast() {
			return n.IP.To4()
		}
	}
	return nil
}

// askOn asks on one interface. That nobody answers is no error.
func askOn(ctx context.Context, link string, at net.IP) (string, error) {
	c, err := nclient4.New(link, nclient4.WithTimeout(tryTime), nclient4.WithRetry(tries))
	if err != nil {
		return "", fmt.Errorf("ask DHCP on %s: %w", link, err)
	}
	defer c.Close()
	ack, err := c.Inform(ctx, at, dhcpv4.WithRequestedOptions(dhcpv4.OptionTFTPServerName))
	if err != nil {
		return "", nil //nolint:nilerr // no server, or one that does not answer who has a lease
	}
	return string(ack.Options.Get(dhcpv4.OptionTFTPServerName)), nil
}
