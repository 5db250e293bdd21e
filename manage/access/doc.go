// Package access is who may manage a phone: accounts and their passwords, the
// sessions of browsers, the tokens of programs, and the first administrator, whom a
// person at the phone lets in. A Book keeps them, without any secret that could be
// used: of passwords an Argon2id hash, of sessions and tokens a SHA-256.
//
// Guessing is slowed per account and per address so that whoever guesses locks out
// himself, not the owner: an address that an account has signed in from before is
// judged by its own failures only. All memory is bounded. The package knows no HTTP,
// starts no goroutine and is safe for concurrent use.
package access
