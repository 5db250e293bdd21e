package access

import "fmt"

// Role is what somebody may do; each includes the ones before it.
type Role uint8

// The roles. The zero value is nobody in particular.
const (
	Anyone        Role = iota // also who has not signed in: the sign-in itself, the health of the phone
	Viewer                    // looks: state, calls, problems, figures; what a scraper needs
	Operator                  // does what a hand at the phone can: calls, keys, contacts
	Administrator             // everything
)

var roleNames = [...]string{"anyone", "viewer", "operator", "administrator"}

// String is the role's name in documents.
func (r Role) String() string {
	if int(r) >= len(roleNames) {
		return fmt.Sprintf("Role(%d)", uint8(r))
	}
	return roleNames[r]
}

// MarshalText implements encoding.TextMarshaler.
func (r Role) MarshalText() ([]byte, error) { return []byte(r.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler. "anyone" is no role that
// somebody can be given.
func (r *Role) UnmarshalText(b []byte) error {
	for i, name := range roleNames[1:] {
		if string(b) == name {
			*r = Role(i + 1)
			return nil
		}
	}
	return fmt.Errorf("a role is viewer, operator or administrator, not %q", b)
}
