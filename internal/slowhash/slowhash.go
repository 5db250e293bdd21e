// Package slowhash derives keys from PINs and passwords with Argon2id (RFC 9106),
// sized for the smallest board: 19 MiB and two passes, about 0.1 s there. It is the
// one package that imports it.
package slowhash

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"strings"

	"golang.org/x/crypto/argon2"
)

const (
	memory  = 19 << 10 // KiB
	passes  = 2
	lanes   = 1
	keySize = 32
	salting = 16
)

// Key derives 32 bytes from a PIN or password. The salt has at least 8 bytes.
func Key(password string, salt []byte) []byte {
	return argon2.IDKey([]byte(password), salt, passes, memory, lanes, keySize)
}

// Hash gives what is kept of a password, in the PHC form
// "$argon2id$v=19$m=19456,t=2,p=1$salt$hash", with a new random salt.
func Hash(password string) string {
	salt := make([]byte, salting)
	_, _ = rand.Read(salt) // never fails
	e := base64.RawStdEncoding
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, memory, passes, lanes, e.EncodeToString(salt), e.EncodeToString(Key(password, salt)))
}

// Limits of what Verify takes on from a kept hash: more would let whoever can write
// the store stop the phone.
const (
	maxMemory = 64 << 10 // KiB
	maxPasses = 8
	maxLanes  = 4
)

// Verify says whether the password is the one of a kept hash. One that can't be read
// is no password's.
func Verify(hash, password string) bool {
	parts := strings.Split(hash, "$")
	if len(parts) != 6 || parts[0] != "" || parts[1] != "argon2id" {
		return false
	}
	var v, m, t, p int
	if n, err := fmt.Sscanf(parts[2], "v=%d", &v); n != 1 || err != nil || v != argon2.Version {
		return false
	}
	if n, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &m, &t, &p); n != 3 || err != nil {
		return false
	}
	salt, err := base64.RawStdEncoding.DecodeString(parts[4])
	if err != nil || len(salt) < 8 {
		return false
	}
	want, err := base64.RawStdEncoding.DecodeString(parts[5])
	if err != nil || len(want) != keySize || m < 8*p || m > maxMemory || t < 1 || t > maxPasses || p < 1 || p > maxLanes {
		return false
	}
	got := argon2.IDKey([]byte(password), salt, uint32(t), uint32(m), uint8(p), keySize)
	return subtle.ConstantTimeCompare(got, want) == 1
}
