// Package openmetrics writes metrics in the OpenMetrics text format, version 1.0.0,
// which Prometheus and all that read its format scrape. It holds no registry and
// starts nothing: whoever is asked for metrics builds the families of that moment
// and writes them. Histogram is the one thing that counts between two scrapes.
package openmetrics

import (
	"bufio"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// ContentType is what Write makes.
const ContentType = "application/openmetrics-text; version=1.0.0; charset=utf-8"

// Kind is a metric's type.
type Kind string

// The kinds in use.
const (
	Gauge   Kind = "gauge"
	Counter Kind = "counter" // its samples end in _total, which Write adds
	Info    Kind = "info"    // one sample of 1 with labels that name things; _info is added
	Buckets Kind = "histogram"
)

// Family is a metric with its samples. The name is in Prometheus' words: base units,
// snake case, the unit last.
type Family struct {
	Name    string
	Kind    Kind
	Unit    string // "": none; else the name ends with it
	Help    string
	Samples []Sample
}

// Label is one label of a sample.
type Label struct{ Name, Value string }

// Sample is a value with its labels, or a histogram's state.
type Sample struct {
	Labels    []Label
	Value     float64
	Histogram *State
}

// Labels makes labels of pairs of a name and its value.
func Labels(pairs ...string) []Label {
	out := make([]Label, 0, len(pairs)/2)
	for i := 0; i+1 < len(pairs); i += 2 {
		out = append(out, Label{pairs[i], pairs[i+1]})
	}
	return out
}

// Write writes the families in the order of their names and ends the exposition.
func Write(w io.Writer, families []Family) error {
	out := bufio.NewWriter(w)
	sorted := slices.Clone(families)
	slices.SortFunc(sorted, func(a, b Family) int { return strings.Compare(a.Name, b.Name) })
	for _, f := range sorted {
		if len(f.Samples) == 0 {
			continue
		}
		fmt.Fprintf(out, "# TYPE %s %s\n", f.Name, f.Kind)
		if f.Unit != "" {
			fmt.Fprintf(out, "# UNIT %s %s\n", f.Name, f.Unit)
		}
		if f.Help != "" {
			fmt.Fprintf(out, "# HELP %s %s\n", f.Name, escape(f.Help))
		}
		for _, s := range f.Samples {
			writeSample(out, f, s)
		}
	}
	fmt.Fprint(out, "# EOF\n")
	return out.Flush()
}

func writeSample(out *bufio.Writer, f Family, s Sample) {
	switch f.Kind {
	case Counter:
		line(out, f.Name+"_total", s.Labels, s.Value)
	case Info:
		line(out, f.Name+"_info", s.Labels, 1)
	case Buckets:
		if s.Histogram == nil {
			return
		}
		sum := uint64(0)
		for i, bound := range append(slices.Clone(s.Histogram.Bounds), math.Inf(1)) {
			sum += s.Histogram.Counts[i]
			line(out, f.Name+"_bucket", append(slices.Clone(s.Labels), Label{"le", number(bound)}), float64(sum))
		}
		line(out, f.Name+"_count", s.Labels, float64(sum))
		line(out, f.Name+"_sum", s.Labels, s.Histogram.Sum)
	default:
		line(out, f.Name, s.Labels, s.Value)
	}
}

// line writes one sample; what can't be written Flush reports.
func line(out *bufio.Writer, name string, labels []Label, value float64) {
	pairs := make([]string, 0, len(labels))
	for _, l := range labels {
		pairs = append(pairs, fmt.Sprintf(`%s="%s"`, l.Name, escape(l.Value)))
	}
	if len(pairs) > 0 {
		name += "{" + strings.Join(pairs, ",") + "}"
	}
	fmt.Fprintf(out, "%s %s\n", name, number(value))
}

// escape is what both help texts and label values need.
func escape(s string) string {
	return strings.NewReplacer("\\", `\\`, "\n", `\n`, `"`, `\"`).Replace(strings.ToValidUTF8(s, "\uFFFD"))
}

func number(v float64) string {
	switch {
	case math.IsInf(v, 1):
		return "+Inf"
	case math.IsInf(v, -1):
		return "-Inf"
	case math.IsNaN(v):
		return "NaN"
	}
	return strconv.FormatFloat(v, 'g', -1, 64)
}

// State is a histogram at a moment: Counts has one more entry than Bounds, of what
// lies above them all.
type State struct {
	Bounds []float64
	Counts []uint64
	Sum    float64
}

// Histogram counts observations by size. Safe for concurrent use.
type Histogram struct {
	mu    sync.Mutex
	state State
}

// NewHistogram counts up to each of the bounds, which ascend.
func NewHistogram(bounds ...float64) *Histogram {
	return &Histogram{state: State{Bounds: bounds, Counts: make([]uint64, len(bounds)+1)}}
}

// Observe counts v; what is not a number is passed over.
func (h *Histogram) Observe(v float64) {
	if math.IsNaN(v) {
		return
	}
	i, _ := slices.BinarySearch(h.state.Bounds, v) // a value that is a bound belongs to it: le means less or equal
	h.mu.Lock()
	defer h.mu.Unlock()
	h.state.Counts[i]++
	h.state.Sum += v
}

// State is what was counted so far.
func (h *Histogram) State() *State {
	h.mu.Lock()
	defer h.mu.Unlock()
	return &State{Bounds: h.state.Bounds, Counts: slices.Clone(h.state.Counts), Sum: h.state.Sum}
}
