package store

import (
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"phoned/internal/secret"
)

func TestEmergencyLineIsKeptSealed(t *testing.T) {
	path := filepath.Join(t.TempDir(), "secrets.json")
	key := testKey(t, 1)
	s, err := OpenSecretsKey(path, key)
	if err != nil {
		t.Fatal(err)
	}
	if _, ok, err := s.EmergencyLine(); ok || err != nil {
		t.Errorf("before any: %v %v", ok, err)
	}
	want := EmergencyLine{User: "1001", Domain: "prod-registration", Servers: []string{"wss://proxy.example:8443"}, Media: "webrtc"}
	if err := s.KeepEmergencyLine(want); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(path)
	if err != nil || strings.Contains(string(b), "prod-registration") {
		t.Errorf("%v: the line can be read in the file: %q", err, b)
	}
	again, err := OpenSecretsKey(path, key)
	if err != nil {
		t.Fatal(err)
	}
	if got, ok, err := again.EmergencyLine(); !ok || err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%+v %v %v", got, ok, err)
	}
	if err := again.Set(map[string]secret.String{emergencyLine: secret.New("{")}); err != nil {
		t.Fatal(err)
	}
	if _, ok, err := again.EmergencyLine(); ok || !errors.Is(err, ErrCorrupt) {
		t.Errorf("damaged: %v %v", ok, err)
	}
	if err := again.Set(map[string]secret.String{emergencyLine: secret.New(`{"user":"1001"}`)}); err != nil {
		t.Fatal(err)
	}
	if _, ok, err := again.EmergencyLine(); ok || err != nil {
		t.Errorf("without a server: %v %v", ok, err)
	}
}
