package access

import (
	"errors"
	"strings"
	"testing"
	"time"

	"phoned/internal/slowhash"
)

func TestTokens(t *testing.T) {
	b := newBench(t)
	b.add("root", Administrator)
	b.add("ann", Operator)
	if _, _, err := b.NewToken("ann", "x", Administrator, time.Hour); err == nil {
		t.Error("a token above its maker")
	}
	for _, life := range []time.Duration{0, -1, maxTokenLife + 1} {
		if _, _, err := b.NewToken("ann", "x", Viewer, life); err == nil {
			t.Errorf("a life of %s", life)
		}
	}
	text, tok, err := b.NewToken("ann", "scraper\n", Operator, time.Hour)
	if err != nil || tok.Label != "scraper" || strings.Contains(b.vault.text, text) {
		t.Fatal(err, tok)
	}
	b.open()
	got, role, ok := b.ByToken(text)
	if !ok || role != Operator || got.ID != tok.ID || !b.Alive(tok.ID) {
		t.Fatal(got, role, ok)
	}
	if l := b.Tokens(); len(l) != 1 || l[0].Hash != "" || l[0].Used != b.now {
		t.Errorf("%+v", l)
	}
	for _, bad := range []string{"", "phoned_", text + "x", text[:len(text)-1], strings.TrimPrefix(text, tokenPrefix), tok.ID, tok.Hash} {
		if _, _, ok := b.ByToken(bad); ok {
			t.Errorf("%q is a token", bad)
		}
	}
	if err := b.SetRole("ann", Viewer); err != nil {
		t.Fatal(err)
	}
	if _, role, _ := b.ByToken(text); role != Viewer {
		t.Errorf("its maker is a viewer, the token %s", role)
	}
	b.now = b.now.Add(time.Hour)
	if _, _, ok := b.ByToken(text); ok || b.Alive(tok.ID) {
		t.Error("it outlived its end")
	}
	text, tok, err = b.NewToken("ann", "x", Viewer, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	if err := b.RemoveToken(tok.ID); err != nil || b.Alive(tok.ID) {
		t.Error(err)
	}
	if _, _, ok := b.ByToken(text); ok {
		t.Error("it outlived its removal")
	}
	if err := b.RemoveToken(tok.ID); !errors.Is(err, ErrUnknown) {
		t.Error(err)
	}
	text, _, _ = b.NewToken("ann", "x", Viewer, time.Hour)
	if err := b.Remove("ann"); err != nil {
		t.Fatal(err)
	}
	if _, _, ok := b.ByToken(text); ok {
		t.Error("it outlived its maker")
	}
}

func TestProvisioned(t *testing.T) {
	b := newBench(t)
	b.cfg.Hash, b.cfg.Verify = slowhash.Hash, slowhash.Verify // what a site really writes
	token := "phoned_from-the-site"
	accounts := []string{"admin:administrator:" + slowhash.Hash(good)}
	tokens := []string{"prometheus:viewer:" + digest(token)}
	if err := b.Provision(nil, tokens); err != nil || b.Empty() {
		t.Error("who has the token could read the code of a first access on the screen", err)
	}
	if err := b.Provision(accounts, tokens); err != nil {
		t.Fatal(err)
	}
	if b.Empty() {
		t.Error("the phone still waits for its first access")
	}
	b.wantRole(b.mustSignIn("admin", home), Administrator)
	if _, role, ok := b.ByToken(token); !ok || role != Viewer {
		t.Error(role, ok)
	}
	for name, err := range map[string]error{"removed": b.Remove("admin"), "demoted": b.SetRole("admin", Viewer), "given a password": b.SetPassword(t.Context(), "admin", good+"2", "")} {
		if !errors.Is(err, ErrProvisioned) {
			t.Errorf("it was %s: %v", name, err)
		}
	}
	if err := b.RemoveToken(b.Tokens()[0].ID); !errors.Is(err, ErrProvisioned) {
		t.Error(err)
	}
	if err := b.Forget(); err != nil || b.Empty() {
		t.Error("what comes with the configuration was forgotten", err)
	}
	secretLine := "admin:root:$argon2id$v=19$topsecret"
	err := b.Provision([]string{secretLine, "", "admin", ":viewer:$argon2id$", "a:viewer:plain text", accounts[0]}, []string{"x", "x:viewer:12", ":viewer:" + digest("x")})
	if err == nil || strings.Contains(err.Error(), "topsecret") {
		t.Error(err)
	}
	if l := b.Accounts(); len(l) != 1 || l[0].Name != "admin" {
		t.Errorf("%+v", l)
	}
}

func FuzzProvision(f *testing.F) {
	f.Add("admin:administrator:$argon2id$v=19$m=8,t=1,p=1$AAAAAAAAAAA$AAAA", "x:viewer:"+digest("x"))
	f.Add("::", "a:b:c:d")
	f.Fuzz(func(t *testing.T, account, token string) {
		if a, ok := ParseAccount(account); ok && (a.Role == Anyone || !goodName(a.Name)) {
			t.Fatalf("%+v", a)
		}
		if k, ok := ParseToken(token); ok && (k.Role == Anyone || len(k.Hash) != 64) {
			t.Fatalf("%+v", k)
		}
	})
}
