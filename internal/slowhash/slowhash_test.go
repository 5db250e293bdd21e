package slowhash

import (
	"strings"
	"testing"
)

func TestHash(t *testing.T) {
	h := Hash("correct horse")
	if !Verify(h, "correct horse") || Verify(h, "correct horsf") || Verify(h, "") {
		t.Error(h)
	}
	if h == Hash("correct horse") {
		t.Error("two hashes with the same salt")
	}
	if !strings.HasPrefix(h, "$argon2id$v=19$m=19456,t=2,p=1$") {
		t.Error(h)
	}
}

func TestVerifyRefuses(t *testing.T) {
	good := Hash("x")
	for _, h := range []string{
		"", "x", strings.Replace(good, "argon2id", "argon2i", 1), strings.Replace(good, "m=19456", "m=9999999", 1), strings.Replace(good, "t=2", "t=0", 1),
		strings.Replace(good, "p=1", "p=0", 1), strings.Replace(good, "v=19", "v=18", 1), good + "A", good[:len(good)-8], strings.Replace(good, "m=19456", "m=-1", 1),
	} {
		if Verify(h, "x") {
			t.Errorf("accepted %q", h)
		}
	}
}

func FuzzVerify(f *testing.F) {
	f.Add(Hash("x"), "x")
	f.Add("$argon2id$v=19$m=8,t=1,p=1$AAAAAAAAAAA$AAAA", "")
	f.Fuzz(func(_ *testing.T, hash, password string) { Verify(hash, password) })
}

func BenchmarkKey(b *testing.B) {
	for b.Loop() {
		Key("123456", []byte("12345678"))
	}
}
