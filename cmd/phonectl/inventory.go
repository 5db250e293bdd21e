package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net/url"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// phone is a line of the inventory:
//
//	reception  https://10.0.4.21  token=reception.token  key=3F:A0:…  group=floor1
//
// token names a file with the token of an account of programs, cert one with a client
// certificate and its key, beside the inventory; key is the SHA-256 of the phone's public key as its screen and its
// page show it (without it, its certificate must be one that this system trusts).
type phone struct {
	name, url, tokenFile, certFile, key string
	groups                              []string
}

// maxPhones bounds an inventory.
const maxPhones = 100000

// readInventory reads the phones; # begins a comment. dir is where relative names of
// token files are looked for.
func readInventory(r io.Reader, dir string) ([]phone, error) {
	var out []phone
	seen := map[string]bool{}
	lines := bufio.NewScanner(r)
	for n := 1; lines.Scan(); n++ {
		text, _, _ := strings.Cut(lines.Text(), "#")
		fields := strings.Fields(text)
		if len(fields) == 0 {
			continue
		}
		p, err := readPhone(fields, dir)
		switch {
		case err != nil:
			return nil, fmt.Errorf("line %d: %w", n, err)
		case seen[p.name]:
			return nil, fmt.Errorf("line %d: there are two phones named %q", n, p.name)
		case len(out) == maxPhones:
			return nil, fmt.Errorf("line %d: more than %d phones", n, maxPhones)
		}
		seen[p.name] = true
		out = append(out, p)
	}
	return out, lines.Err()
}

func readPhone(fields []string, dir string) (phone, error) {
	if len(fields) < 2 {
		return phone{}, errors.New("a name and an address are needed: reception https://10.0.4.21")
	}
	p := phone{name: fields[0]}
	u, err := url.Parse(fields[1])
	if err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || (u.Scheme != "https" && !local(u)) {
		return phone{}, fmt.Errorf("%q is no https address of a phone (http is for this machine only)", fields[1])
	}
	p.url = strings.TrimRight(u.String(), "/")
	for _, f := range fields[2:] {
		k, v, _ := strings.Cut(f, "=")
		switch {
		case v == "":
			return phone{}, fmt.Errorf("%q: a word and its value, key=…", f)
		case k == "token":
			p.tokenFile = beside(dir, v)
		case k == "cert":
			p.certFile = beside(dir, v)
		case k == "key":
			p.key = strings.ToUpper(v)
		case k == "group":
			p.groups = append(p.groups, strings.Split(v, ",")...)
		default:
			return phone{}, fmt.Errorf("%q is not known: token, cert, key or group", k)
		}
	}
	return p, nil
}

func beside(dir, file string) string {
	if filepath.IsAbs(file) {
		return file
	}
	return filepath.Join(dir, file)
}

func local(u *url.URL) bool {
	h := u.Hostname()
	return u.Scheme == "http" && (h == "localhost" || h == "127.0.0.1" || h == "::1")
}

// matches reports whether any of the patterns is the phone's name or group.
func (p phone) matches(patterns []string) bool {
	return slices.ContainsFunc(patterns, func(pattern string) bool {
		return slices.ContainsFunc(append([]string{p.name}, p.groups...), func(name string) bool {
			ok, err := path.Match(pattern, name)
			return err == nil && ok
		})
	})
}
