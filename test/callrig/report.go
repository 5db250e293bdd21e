package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// network is what a call met: the key by which calls are compared.
type network struct{ name, codec string }

// figure is a number of a call: its JSON name, as people call it, and how many
// decimals mean something.
type figure struct {
	key, title string
	decimals   int
}

var reported = []figure{
	{"mouth_to_ear_ms", "mouth to ear (ms)", 1},
	{"mouth_to_ear_last5s_ms", "the same in the last 5 s (ms)", 1},
	{"mos_lqo", "MOS-LQO", 2},
	{"log_spectral_dist_db", "distance (dB)", 2},
	{"damaged_active_frames_pct", "damaged (%)", 2},
	{"cpu_s_per_60s", "processor (s per 60 s)", 2},
	{"rss_mib_in_call", "memory (MiB)", 1},
	{"recv_gap_p99_ms", "gap of its packets, p99 (ms)", 1},
}

// measured is one call as read back, with the run of the file it is in: calls of
// one such round were made one after another and may be compared.
type measured struct {
	round  string
	phone  string
	net    network
	values map[string]float64
}

// writeReport reads results, writes charts into dir and tables to out.
func writeReport(dir string, files []string, out io.Writer) error {
	calls, failed, err := readResults(files)
	if err != nil {
		return err
	}
	if len(calls) == 0 {
		return errors.New("no calls in " + strings.Join(files, ", "))
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	for _, c := range charts(calls) {
		if err := os.WriteFile(filepath.Join(dir, c.file), c.svg(), 0o644); err != nil { //nolint:gosec // a picture for everybody
			return err
		}
	}
	w := bufio.NewWriter(out)
	for _, f := range reported {
		writeTable(w, f, calls)
	}
	writeRatios(w, calls)
	fmt.Fprintf(w, "%d calls; %d more gave no result\n", len(calls), failed)
	return w.Flush()
}

func readResults(files []string) (calls []measured, failed int, err error) {
	for _, name := range files {
		b, err := os.ReadFile(name)
		if err != nil {
			return nil, 0, err
		}
		for line := range strings.Lines(string(b)) {
			var raw map[string]any
			if err := json.Unmarshal([]byte(line), &raw); err != nil {
				return nil, 0, fmt.Errorf("%s: %w", name, err)
			}
			phone, _ := raw["phone"].(string)
			title, isCall := raw["name"].(string)
			if _, median := raw["median_of"]; !isCall || median {
				continue
			}
			if e, _ := raw["err"].(string); e != "" {
				failed++
				continue
			}
			codec, _ := raw["codec"].(string)
			m := measured{fmt.Sprint(name, raw["run"]), phone, network{title, codec}, map[string]float64{}}
			for k, v := range raw {
				// What was not measured is 0: an ideal phone has no processor.
				if n, ok := v.(float64); ok && (n != 0 || k == "damaged_active_frames_pct") {
					m.values[k] = n
				}
			}
			calls = append(calls, m)
		}
	}
	return calls, failed, nil
}

// of collects a figure of one phone on one network.
func of(calls []measured, phone string, on network, key string) (v []float64) {
	for _, c := range calls {
		if x, ok := c.values[key]; ok && c.phone == phone && c.net == on {
			v = append(v, x)
		}
	}
	return v
}

// ours is the phone that the others are compared with.
const ours = "phone"

// phones and networks are in the order of their first call, ours before all.
func phones(calls []measured) (out []string) {
	out = append(out, ours)
	for _, c := range calls {
		if !slices.Contains(out, c.phone) {
			out = append(out, c.phone)
		}
	}
	return out
}

// ideal tells a phone that is arithmetic: every round may be compared with it.
func (m measured) ideal() bool { return strings.HasPrefix(m.phone, "ideal-") }

func networks(calls []measured) (out []network) {
	for _, c := range calls {
		if !slices.Contains(out, c.net) {
			out = append(out, c.net)
		}
	}
	return out
}

func writeTable(w io.Writer, f figure, calls []measured) {
	all := phones(calls)
	fmt.Fprintf(w, "**%s**: median (min–max), n\n\n| network | %s |\n|---|%s\n", f.title, strings.Join(all, " | "), strings.Repeat("---|", len(all)))
	for _, n := range networks(calls) {
		fmt.Fprintf(w, "| %s |", n.title())
		for _, p := range all {
			v := of(calls, p, n, f.key)
			if len(v) == 0 {
				fmt.Fprint(w, " |")
				continue
			}
			fmt.Fprintf(w, " %.*f (%.*f–%.*f), %d |", f.decimals, median(v), f.decimals, quantile(v, 0), f.decimals, quantile(v, 1), len(v))
		}
		fmt.Fprintln(w)
	}
	fmt.Fprintln(w)
}

// writeRatios compares our phone with each other one, round by round: the
// machine's load of the minute is in both.
func writeRatios(w io.Writer, calls []measured) {
	all := phones(calls)
	fmt.Fprintf(w, "**%s against the others**: median of the ratios within a round (n)\n\n| network | figure | %s |\n|---|---|%s\n",
		all[0], strings.Join(all[1:], " | "), strings.Repeat("---|", len(all)-1))
	for _, n := range networks(calls) {
		for _, f := range reported {
			cells, any := "", false
			for _, p := range all[1:] {
				r := ratios(calls, all[0], p, n, f.key)
				if len(r) == 0 {
					cells += " |"
					continue
				}
				any = true
				cells += fmt.Sprintf(" %.2f (%d) |", median(r), len(r))
			}
			if any {
				fmt.Fprintf(w, "| %s | %s |%s\n", n.title(), f.title, cells)
			}
		}
	}
	fmt.Fprintln(w)
}

func ratios(calls []measured, a, b string, on network, key string) (out []float64) {
	for _, x := range calls {
		if x.phone != a || x.net != on {
			continue
		}
		for _, y := range calls {
			if y.phone == b && y.net == on && (y.round == x.round || y.ideal()) && y.values[key] > 0 {
				out = append(out, x.values[key]/y.values[key])
			}
		}
	}
	return out
}

// title says what a visitor should read of a network.
func (n network) title() string {
	words := map[string]string{
		"clean": "clean", "loss5": "5 % lost", "loss10": "10 % lost", "ju40": "0–40 ms late", "ju80": "0–80 ms late",
		"je20": "exponential, mean 20 ms late", "stall150": "150 ms stall every 5 s", "one150": "one 150 ms stall",
		"mix": "2 % lost, 0–40 ms late", "ppm500": "sender's clock 500 ppm fast",
	}
	codec := map[string]string{"pcmu": "G.711", "pcma": "G.711", "g722": "G.722", "opus": "Opus"}[n.codec]
	if w := words[n.name]; w != "" {
		return codec + ", " + w
	}
	return codec + ", " + n.name
}
