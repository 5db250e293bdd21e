package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"phoned/internal/mdns"
)

// listenTime is how long discover waits for answers.
const listenTime = 5 * time.Second

// discover asks this machine's networks which phones are there, and prints them as
// lines of an inventory. What a phone says of itself over the network can be
// forged: whoever takes over a line compares its key with the phone's screen.
func discover(ctx context.Context, asJSON bool, out, errs io.Writer) int {
	ctx, cancel := context.WithTimeout(ctx, listenTime)
	defer cancel()
	n := 0
	err := mdns.Browse(ctx, "_phoned._tcp", mdns.Interfaces(), func(f mdns.Found) {
		line, ok := inventoryLine(f)
		if !ok {
			return
		}
		n++
		if asJSON {
			b, _ := json.Marshal(map[string]any{"name": f.Host, "instance": f.Instance, "port": f.Port, "addresses": f.Addresses, "text": f.Text}) // of strings: it can't fail
			line = string(b)
		}
		fmt.Fprintln(out, line)
	})
	if err != nil {
		fmt.Fprintf(errs, "phonectl: discover: %v\n", err)
		return 1
	}
	fmt.Fprintf(errs, "%d phones answered within %v\n", n, listenTime)
	return 0
}

// inventoryLine is what readInventory reads; false: the answer makes none. Every word
// of it comes from somebody else.
func inventoryLine(f mdns.Found) (string, bool) {
	name := plainWord(strings.TrimSuffix(f.Host, ".local"))
	at, ok := reachable(f.Addresses)
	if name == "" || !ok {
		return "", false
	}
	host := at.String()
	if f.Port != 443 {
		host = net.JoinHostPort(host, strconv.Itoa(int(f.Port)))
	} else if at.Is6() {
		host = "[" + host + "]"
	}
	line := name + " https://" + host
	if key := plainWord(f.Text["key"]); key != "" {
		line += " key=" + key
	}
	note := ""
	for _, k := range []string{"model", "version", "serial"} {
		note += " " + f.Text[k]
	}
	note = strings.Join(strings.FieldsFunc(note, func(r rune) bool { return r <= ' ' || r == 0x7f || r == '#' }), " ")
	if note != "" {
		line += " # " + note
	}
	return line, true
}

// plainWord is s if it is letters, digits, colons, dots and hyphens only.
func plainWord(s string) string {
	if strings.ContainsFunc(s, func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune(":.-_", r))
	}) {
		return ""
	}
	return s
}

// reachable is the address to use: IPv4, else one of IPv6 that needs no zone.
func reachable(all []netip.Addr) (netip.Addr, bool) {
	if i := slices.IndexFunc(all, netip.Addr.Is4); i >= 0 {
		return all[i], true
	}
	if i := slices.IndexFunc(all, func(a netip.Addr) bool { return !a.IsLinkLocalUnicast() }); i >= 0 {
		return all[i], true
	}
	return netip.Addr{}, false
}
