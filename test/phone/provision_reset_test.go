package phone_test

import (
	"errors"
	"io/fs"
	"path/filepath"
	"testing"

	"phoned/internal/app"
	"phoned/provisioning"
)

// A reset wipes what the phone was given and the copies of its configuration too,
// and what comes after it is not kept any more.
func TestResetForgetsWhatWasGiven(t *testing.T) {
	t.Parallel()
	h := live(t, "", nil)
	h.registered(1)
	h.give(provisioning.LayerUser, "locale = \"de\"\n[[ice_servers]]\nurls = [\"turn:127.0.0.1:9\"]\nusername = \"u\"\ncredential = \"turn-password\"\n")
	h.registered(2)
	if !anyIn(t, h.data, []string{"turn-password"}) {
		t.Fatal("the phone had kept nothing: the test proves nothing")
	}
	h.phone(2).FactoryReset()
	if err := <-h.done; !errors.Is(err, app.ErrFactoryReset) {
		t.Fatalf("the phone ended with %v", err)
	}
	h.done <- nil // for the end of the test
	if _, err := h.prov.Take(provisioning.Document{Layer: provisioning.LayerUser, Name: "late", Data: []byte("locale = \"en\"")}); !errors.Is(err, app.ErrForgotten) {
		t.Errorf("after the reset: %v", err)
	}
	if _, _, err := h.prov.Config(); err != nil {
		t.Error(err)
	}
	if err := filepath.WalkDir(h.data, func(path string, _ fs.DirEntry, err error) error {
		if path != h.data {
			t.Errorf("%s is left", path)
		}
		return err
	}); err != nil {
		t.Error(err)
	}
}
