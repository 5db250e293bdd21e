package device

import (
	"errors"
	"testing"
)

func TestMux(t *testing.T) {
	null, loop := NewNull(), NewLoop()
	m := Mux{Default: null, Named: map[string]Driver{"loop": loop}}
	for id, want := range map[string]Device{"": null.Speaker(), "anything": null.Speaker(), "loop": loop.Speaker()} {
		if got, err := m.Open(Playback, id); err != nil || got != want {
			t.Errorf("%q opens the wrong device, %v", id, err)
		}
	}
	list, err := m.List()
	if err != nil || len(list) != 4 {
		t.Fatalf("list %+v, %v", list, err)
	}
	defaults := map[Direction]string{}
	for _, i := range list {
		if i.Default {
			defaults[i.Direction] += i.ID
		}
	}
	if defaults[Playback] != "null" || defaults[Capture] != "null" {
		t.Errorf("defaults %v", defaults)
	}
	alone := Mux{Named: map[string]Driver{"b": null, "a": loop}}
	if got, err := alone.Open(Capture, ""); err != nil || got != loop.Microphone() {
		t.Errorf("the default of named drivers alone: %v", err)
	}
	if _, err := alone.Open(Capture, "c"); !errors.Is(err, ErrNotFound) {
		t.Errorf("an unknown id: %v", err)
	}
}
