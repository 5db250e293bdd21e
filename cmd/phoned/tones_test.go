package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"phoned/media/audio"
	"phoned/media/audio/wav"
)

func TestTonesCommand(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "sounds")
	var out, complaint bytes.Buffer
	if status := tonesCommand([]string{"-dir", dir, "-country", "DE"}, &out, &complaint); status != 0 {
		t.Fatalf("status %d: %s", status, complaint.String())
	}
	files, _ := os.ReadDir(dir)
	if want := len(audio.Melodies()) + len(toneNames); len(files) != want || bytes.Count(out.Bytes(), []byte("\n")) != want {
		t.Errorf("%d files, %d lines, want %d", len(files), bytes.Count(out.Bytes(), []byte("\n")), want)
	}
	s, rate, err := wav.ReadFile(filepath.Join(dir, "tone-DE-busy.wav"))
	if err != nil || rate != audio.Rate || len(s) != 12*audio.Rate {
		t.Errorf("%d samples at %d Hz, %v", len(s), rate, err)
	}
	if status := tonesCommand([]string{"-country", "ZZ"}, &out, &complaint); status != 1 || complaint.Len() == 0 {
		t.Errorf("a country that is not there: status %d, %q", status, complaint.String())
	}
	if status := tonesCommand([]string{"-dir", filepath.Join(dir, "tone-DE-busy.wav")}, &out, &complaint); status != 1 {
		t.Errorf("a file for a folder: status %d", status)
	}
}
