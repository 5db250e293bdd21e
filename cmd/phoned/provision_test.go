package main

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"phoned/internal/slowhash"
	"phoned/manage/access"
	"phoned/provisioning"
)

// provision runs the command as an administrator would.
func provision(t *testing.T, want int, args ...string) string {
	t.Helper()
	var out, errs bytes.Buffer
	if got := provisionCommand(args, &out, &errs); got != want {
		t.Fatalf("%v: status %d, want %d\n%s%s", args, got, want, out.Bytes(), errs.Bytes())
	}
	return out.String() + errs.String()
}

func write(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestProvisionFivePhones is docs/provisioning.md's way of five phones by hand.
func TestProvisionFivePhones(t *testing.T) {
	dir := t.TempDir()
	key := filepath.Join(dir, "site.key")
	said := provision(t, 0, "key", key)
	public := regexp.MustCompile(`ed25519:[\w-]{43}`).FindString(said)
	trusted, err := provisioning.ParsePublicKey(public)
	if err != nil {
		t.Fatalf("%v in %q", err, said)
	}
	if info, err := os.Stat(key); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the key's mode: %v, %v", info.Mode(), err)
	}
	provision(t, 1, "key", key) // never overwritten

	doc := write(t, "phoned.toml", "oauth_endpoint = \"https://login.example.net/oauth/internal\"\nlocale = \"de\"\n")
	bundle := filepath.Join(dir, "phoned.bundle")
	provision(t, 0, "bundle", "-key", key, "-o", bundle, doc)
	if said := provision(t, 0, "check", doc, bundle); !strings.Contains(said, "signed") || !strings.Contains(said, "Language: en → de") {
		t.Errorf("check said %q", said)
	}
	stick, err := provisioning.ReadStick(dir)
	if err != nil || stick.Bundle == nil || stick.Bundle.Vouched([]provisioning.PublicKey{trusted}, "") != nil {
		t.Errorf("a phone would not take the stick: %+v, %v", stick, err)
	}
}

func TestProvisionCode(t *testing.T) {
	picture := filepath.Join(t.TempDir(), "code.png")
	said := provision(t, 0, "qr", "-url", "https://cfg.example.net/p/7Q2K", "-pin", "random", "-expires", "48h", "-png", picture)
	pin := regexp.MustCompile(`PIN: ([0-9]{6})\n`).FindStringSubmatch(said)
	text := regexp.MustCompile(`phoned:1;\S+`).FindString(said)
	c, err := provisioning.ParseCode(text)
	if err != nil || pin == nil || c.Vouched(nil, pin[1]) != nil || c.Expires.IsZero() {
		t.Errorf("%q: %+v, %v", said, c, err)
	}
	if b, err := os.ReadFile(picture); err != nil || !bytes.HasPrefix(b, []byte("\x89PNG")) {
		t.Errorf("picture: %v", err)
	}
	if said := provision(t, 0, "qr", "-code", "WDJB-MJHT", "-oauth", "https://login.example.net/oauth/internal", "-pin", "123456"); !strings.Contains(said, "▀") {
		t.Error("nothing was drawn")
	}
}

func TestProvisionRefuses(t *testing.T) {
	for _, c := range []struct {
		status int
		says   string
		args   []string
	}{
		{2, "phoned provision check", nil},
		{2, "phoned provision check", []string{"nonsense"}},
		{2, "somebody has to vouch", []string{"qr", "-url", "https://cfg.example.net"}},
		{1, "6 to 12 digits", []string{"qr", "-url", "https://cfg.example.net", "-pin", "12"}},
		{1, "https://", []string{"qr", "-url", "http://cfg.example.net", "-pin", "123456"}},
		{1, "use a shorter address", []string{"qr", "-url", "https://cfg.example.net/" + strings.Repeat("x", 100), "-pin", "123456"}},
		{1, "line 2: theme", []string{"check", write(t, "phoned.toml", "\ntheme = \"pink\"\n")}},
		{1, "line 2: theme", []string{"bundle", "-pin", "123456", write(t, "phoned.toml", "\ntheme = \"pink\"\n")}},
		{1, "expected one of", []string{"bundle", "-pin", "123456", "-o", filepath.Join(t.TempDir(), "x"), write(t, "run.sh", "x")}},
		{1, "no such file", []string{"check", filepath.Join(t.TempDir(), "none")}},
	} {
		if said := provision(t, c.status, c.args...); !strings.Contains(said, c.says) {
			t.Errorf("%v said %q, want %q", c.args, said, c.says)
		}
	}
	if said := provision(t, 0, "schema"); !strings.Contains(said, `"oauth_endpoint"`) {
		t.Error("no schema")
	}
}

// What is printed for a configuration lets in who knows the password or the token.
func TestAccountsForAConfiguration(t *testing.T) {
	var out, errs bytes.Buffer
	const password = "correct horse 7 battery"
	if err := makeAccount([]string{"admin", "administrator"}, strings.NewReader(password+"\n"), &out, &errs); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(out.String()+errs.String(), password) {
		t.Error("the password is printed")
	}
	line := regexp.MustCompile(`^web_accounts = "(.+)"\n$`).FindStringSubmatch(out.String())
	if line == nil {
		t.Fatal(out.String())
	}
	a, ok := access.ParseAccount(line[1])
	if !ok || a.Name != "admin" || a.Role != access.Administrator || !slowhash.Verify(a.Hash, password) || slowhash.Verify(a.Hash, password+"x") {
		t.Errorf("%v %+v", ok, a)
	}
	for _, bad := range []string{"short", "aaaaaaaaaaaaaaaa", ""} {
		if err := makeAccount([]string{"admin", "viewer"}, strings.NewReader(bad), &out, &errs); !errors.Is(err, access.ErrPassword) {
			t.Errorf("%q: %v", bad, err)
		}
	}
	out.Reset()
	if err := makeToken([]string{"prometheus", "viewer"}, &out, &errs); err != nil {
		t.Fatal(err)
	}
	both := regexp.MustCompile(`^(phoned_\S+)\nweb_tokens = "(.+)"\n$`).FindStringSubmatch(out.String())
	if both == nil {
		t.Fatal(out.String())
	}
	if tok, ok := access.ParseToken(both[2]); !ok || tok.Role != access.Viewer || tok.Hash != fmt.Sprintf("%x", sha256.Sum256([]byte(both[1]))) {
		t.Errorf("%+v", tok)
	}
	for _, args := range [][]string{{"admin"}, {"admin", "king"}, {"a:b", "viewer"}} {
		if makeToken(args, &out, &errs) == nil {
			t.Errorf("%v", args)
		}
	}
}
