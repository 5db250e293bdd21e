package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
)

func TestReadScore(t *testing.T) {
	for out, want := range map[string]float64{
		"Reading...\nP.862 Prediction (Raw MOS, MOS-LQO):  = 4.500\t4.549\n": 4.549,
		"P.862.2 Prediction (MOS-LQO):  = 3.2\n":                             3.2,
	} {
		if got, err := readScore(out); err != nil || got != want {
			t.Errorf("%q: %v, %v", out, got, err)
		}
	}
	for _, out := range []string{"", "Prediction", "Prediction = nan\n", "An error of type 3 (Silent file)\n"} {
		if _, err := readScore(out); !errors.Is(err, errNoScore) {
			t.Errorf("%q: %v", out, err)
		}
	}
}

// The scorer gets pieces of 8 s at a rate it knows, the delay taken out.
func TestScorePieces(t *testing.T) {
	program := filepath.Join(t.TempDir(), "scorer")
	script := "#!/bin/sh\ncmp ref.wav heard.wav && [ \"$1\" = +wb ] && [ \"$2\" = +16000 ] && [ $(stat -c %s ref.wav) = 256044 ] && echo 'Prediction = 4.5'\n"
	if err := os.WriteFile(program, []byte(script), 0o700); err != nil { //nolint:gosec // a program of the test
		t.Fatal(err)
	}
	ref := make([]int16, 48000*20)
	for i := range ref {
		ref[i] = int16(i % 9973)
	}
	heard := append(make([]int16, 4800), ref...)
	if got, err := scorer(program).score(t.Context(), 48000, ref, heard, 100); err != nil || got != 4.5 {
		t.Errorf("%v, %v", got, err)
	}
	if _, err := scorer(program).score(t.Context(), 48000, ref, heard, 0); err == nil {
		t.Error("the delay was not taken out, and that was not noticed")
	}
	if got, err := scorer("").score(context.Background(), 8000, ref, heard, 0); got != 0 || err != nil {
		t.Errorf("no scorer: %v, %v", got, err)
	}
}
