package manage

// Role is what somebody may do, each more than the one before.
type Role int

const (
	Anyone        Role = iota // also who has not signed in
	Viewer                    // looks
	Operator                  // does what a hand on the phone can
	Administrator             // everything
)

// String gives the lower-case word.
func (r Role) String() string {
	switch r {
	case Viewer:
		return "viewer"
	case Operator:
		return "operator"
	case Administrator:
		return "administrator"
	}
	return "anyone"
}
