package store

import (
	"encoding/json"
	"errors"
	"fmt"

	"phoned/internal/secret"
)

// EmergencyLine is what is kept of a line to call for help with when nobody is
// signed in: who it was and by which servers. It holds no password and no token,
// and is used for nothing else.
type EmergencyLine struct {
	User       string   `json:"user"`
	Domain     string   `json:"domain"`
	Servers    []string `json:"servers"`
	Media      string   `json:"media"`
	ServerName string   `json:"server_name,omitempty"`
}

// emergencyLine is its name among the secrets.
const emergencyLine = "emergency.line"

// KeepEmergencyLine replaces the line that is kept. Nothing is written when it is
// the same.
func (s *Secrets) KeepEmergencyLine(l EmergencyLine) error {
	b, err := json.Marshal(l)
	if err != nil {
		return fmt.Errorf("keep the line for emergency calls: %w", err)
	}
	return s.Set(map[string]secret.String{emergencyLine: secret.New(string(b))})
}

// EmergencyLine gives the line that is kept; ok is false where there is none.
func (s *Secrets) EmergencyLine() (l EmergencyLine, ok bool, err error) {
	v, err := s.Get(emergencyLine)
	if err != nil || v.Empty() {
		return EmergencyLine{}, false, err
	}
	if err := json.Unmarshal([]byte(v.Reveal()), &l); err != nil {
		return EmergencyLine{}, false, fmt.Errorf("read the line for emergency calls: %w", errors.Join(ErrCorrupt, err))
	}
	return l, l.User != "" && len(l.Servers) > 0, nil
}
