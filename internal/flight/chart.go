package flight

import (
	"fmt"
	"html"
	"math"
	"strings"
	"time"
)

// Measures of a chart, in the units of its viewBox.
const (
	chartWidth  = 760
	chartHeight = 150
	plotLeft    = 56
	plotRight   = 744
	plotTop     = 26
	plotBottom  = 122
)

// curve is one figure of the samples over the time of a call.
type curve struct {
	name, unit string
	of         func(Sample) float64
	least      float64 // the axis reaches at least this far
	bad        float64 // from here on it is heard; 0: no line
}

var curves = []curve{
	{"Packet loss", "%", func(s Sample) float64 { return s.Loss }, 5, 3},
	{"Jitter", "ms", func(s Sample) float64 { return s.Jitter }, 20, 30},
	{"Round trip", "ms", func(s Sample) float64 { return s.Latency }, 100, 300},
	{"Bit rate, both ways", "kbit/s", func(s Sample) float64 { return s.Bitrate }, 64, 0},
	{"Level of the far end", "", func(s Sample) float64 { return s.Level }, 1, 0},
}

// charts draws the figures of a call, one below the other on one axis of time.
func charts(c Call) string {
	if len(c.Samples) < 2 {
		return ""
	}
	var b strings.Builder
	for _, k := range curves {
		b.WriteString(chart(c, k))
	}
	return b.String()
}

func chart(c Call, k curve) string {
	first, last := c.Samples[0].At, c.Samples[len(c.Samples)-1].At
	span := max(last.Sub(first), time.Second)
	top, worst, sum := k.least, 0.0, 0.0
	for _, s := range c.Samples {
		v := finite(k.of(s))
		worst, sum = max(worst, v), sum+v
	}
	top = nice(max(top, worst))
	x := func(t time.Time) float64 {
		return plotLeft + float64(t.Sub(first))/float64(span)*(plotRight-plotLeft)
	}
	y := func(v float64) float64 { return plotBottom - v/top*(plotBottom-plotTop) }
	var line strings.Builder
	for i, s := range c.Samples {
		letter := "L"
		if i == 0 {
			letter = "M"
		}
		fmt.Fprintf(&line, "%s%.1f %.1f", letter, x(s.At), y(finite(k.of(s))))
	}
	var b strings.Builder
	fmt.Fprintf(&b, `<svg class="chart" viewBox="0 0 %d %d" role="img" aria-label="%s: on average %s, at most %s">`, chartWidth, chartHeight,
		html.EscapeString(k.name), html.EscapeString(figure(sum/float64(len(c.Samples)), k.unit)), html.EscapeString(figure(worst, k.unit)))
	fmt.Fprintf(&b, `<text class="name" x="%d" y="15">%s</text><text class="figures" x="%d" y="15" text-anchor="end">average %s, at most %s</text>`,
		plotLeft, html.EscapeString(k.name), plotRight, html.EscapeString(figure(sum/float64(len(c.Samples)), k.unit)), html.EscapeString(figure(worst, k.unit)))
	for _, part := range []float64{0, 0.5, 1} {
		fmt.Fprintf(&b, `<line class="grid" x1="%d" y1="%.1f" x2="%d" y2="%.1f"/><text class="tick" x="%d" y="%.1f" text-anchor="end">%s</text>`,
			plotLeft, y(part*top), plotRight, y(part*top), plotLeft-8, y(part*top)+4, html.EscapeString(figure(part*top, "")))
	}
	if k.bad > 0 && k.bad <= top {
		fmt.Fprintf(&b, `<line class="limit" x1="%d" y1="%.1f" x2="%d" y2="%.1f"><title>from here on it is heard</title></line>`, plotLeft, y(k.bad), plotRight, y(k.bad))
	}
	fmt.Fprintf(&b, `<path class="area" d="%sL%d %dL%d %dz"/><path class="line" d="%s"/>`, line.String(), plotRight, plotBottom, plotLeft, plotBottom, line.String())
	for i := range 5 {
		at := first.Add(span * time.Duration(i) / 4)
		anchor := "middle"
		if i == 4 {
			anchor = "end"
		}
		fmt.Fprintf(&b, `<text class="tick" x="%.1f" y="%d" text-anchor="%s">%s</text>`, x(at), plotBottom+17, anchor, minutes(at.Sub(first)))
	}
	b.WriteString(`</svg>`)
	return b.String()
}

// finite keeps what is no number off the paper.
func finite(v float64) float64 {
	if math.IsNaN(v) || math.IsInf(v, 0) || v < 0 {
		return 0
	}
	return v
}

// nice is the next round number: 1, 2 or 5 times a power of ten.
func nice(v float64) float64 {
	if v <= 0 {
		return 1
	}
	p := math.Pow(10, math.Floor(math.Log10(v)))
	for _, f := range []float64{1, 2, 5, 10} {
		if v <= f*p*1.0000001 {
			return f * p
		}
	}
	return 10 * p
}

func figure(v float64, unit string) string {
	s := fmt.Sprintf("%.0f", v)
	if v < 10 && v != math.Trunc(v) {
		s = fmt.Sprintf("%.1f", v)
		if v < 1 {
			s = fmt.Sprintf("%.2f", v)
		}
	}
	if unit == "" {
		return s
	}
	return s + " " + unit
}
