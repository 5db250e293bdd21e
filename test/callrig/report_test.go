package main

import (
	"encoding/xml"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const results = `{"phone":"phone","exec_registered_ms":20}
{"phone":"phone","run":1,"name":"clean","codec":"pcmu","mouth_to_ear_ms":30,"mos_lqo":4,"cpu_s_per_60s":2,"damaged_active_frames_pct":0}
{"phone":"baresip","run":1,"name":"clean","codec":"pcmu","mouth_to_ear_ms":60,"mos_lqo":4,"cpu_s_per_60s":1,"damaged_active_frames_pct":0}
{"phone":"phone","run":2,"name":"clean","codec":"pcmu","mouth_to_ear_ms":40,"mos_lqo":4,"cpu_s_per_60s":2,"damaged_active_frames_pct":0}
{"phone":"baresip","run":2,"name":"clean","codec":"pcmu","mouth_to_ear_ms":50,"mos_lqo":4,"cpu_s_per_60s":2,"damaged_active_frames_pct":0}
{"phone":"baresip","run":2,"name":"clean","codec":"g722","err":"488"}
{"median_of":2,"phone":"phone","name":"clean","codec":"pcmu","mouth_to_ear_ms":35}
`

func TestReport(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "run.jsonl")
	if err := os.WriteFile(file, []byte(results), 0o600); err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	if err := writeReport(filepath.Join(dir, "img"), []string{file}, &out); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"| network | phone | baresip |",
		"| G.711, clean | 35.0 (30.0–40.0), 2 | 55.0 (50.0–60.0), 2 |",
		"| G.711, clean | mouth to ear (ms) | 0.65 (2) |", // of 30/60 and 40/50
		"| G.711, clean | processor (s per 60 s) | 1.50 (2) |",
		"4 calls; 1 more gave no result",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is missing in\n%s", want, out.String())
		}
	}
	for _, name := range []string{"voice-delay.svg", "voice-quality.svg"} {
		b, err := os.ReadFile(filepath.Join(dir, "img", name))
		if err != nil {
			t.Fatal(err)
		}
		d := xml.NewDecoder(strings.NewReader(string(b)))
		for err == nil {
			_, err = d.Token()
		}
		if !errors.Is(err, io.EOF) {
			t.Errorf("%s: %v", name, err)
		}
		if !strings.Contains(string(b), "baresip") || !strings.Contains(string(b), "G.711, clean") {
			t.Errorf("%s shows not what was measured:\n%s", name, b)
		}
	}
}

func TestReportOfNothing(t *testing.T) {
	file := filepath.Join(t.TempDir(), "x")
	for _, text := range []string{"", "{", `{"name":"x","err":"busy"}`} {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := writeReport(t.TempDir(), []string{file}, io.Discard); err == nil {
			t.Errorf("%q makes a report", text)
		}
	}
}
