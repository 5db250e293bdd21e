package backend

import "phoned/internal/secret"

// Vault keeps secrets over restarts and power cuts; store.Secrets is one.
// Implementations are safe for concurrent use.
type Vault interface {
	// Get returns a secret; one that is not there is empty and no error.
	Get(name string) (secret.String, error)
	// Set changes all of the given names or none of them, and returns only
	// when that is on the disk. An empty value removes its name.
	Set(values map[string]secret.String) error
	// Wipe removes the given names, or everything when none is given.
	Wipe(names ...string) error
}

// Prober is a Vault that can prove beforehand that a Set would reach the disk.
type Prober interface{ Ready() error }

// The names under which the sign-in is kept.
const (
	vaultAccess   = "oauth.access_token"
	vaultRefresh  = "oauth.refresh_token"
	vaultEndpoint = "oauth.endpoint" // the tokens are sent nowhere else
	vaultUser     = "oauth.user_id"
	vaultSession  = "oauth.session" // the last session, to register while the server is away
	vaultAdopted  = "oauth.adopted" // digest of the last provisioned refresh token
)

// Tokens are what signing in yields.
type Tokens struct{ Access, Refresh secret.String }
