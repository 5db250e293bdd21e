package media

import "context"

// Mover is a Session that can follow the machine to another of its addresses
// (cable to Wi-Fi) while the call goes on. Both kinds of Session do.
type Mover interface {
	// Move opens transport on the present addresses and returns an offer that
	// names them, to be sent like any re-offer; its answer goes to Apply. With
	// ICE this is a restart (RFC 8445 §2.4): keys and sound go on.
	Move(ctx context.Context) ([]byte, error)
}
