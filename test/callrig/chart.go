package main

import (
	"bytes"
	"fmt"
	"math"
	"slices"
)

// chart is horizontal bars in groups, with a line from the least to the most.
type chart struct {
	file, title, note, unit string
	decimals                int
	from                    float64 // where the bars begin
	groups                  []chartGroup
}

type chartGroup struct {
	title string
	bars  []chartBar
}

type chartBar struct {
	series string
	v      []float64
}

// looks are the names and colours of the series.
var looks = map[string][2]string{
	"phone": {"phoned", "#0a6ed1"}, "yardstick": {"the rig's minimal phone", "#9aa0a6"}, "baresip": {"baresip", "#e8833a"},
	"pjsua": {"pjsua", "#5b8c5a"}, "ideal-repeat": {"ideal, repeats the last packet", "#c9ccd1"},
	"ideal-redundant": {"ideal, uses the copy in the next packet", "#7d838c"}, "fixed100": {"fixed buffer of 100 ms", "#b07aa1"},
}

// charts are the pictures of the measurements.
func charts(calls []measured) []chart {
	delay := chart{
		file: "voice-delay.svg", title: "From mouth to ear", unit: "ms", note: "less is better; bar: median, line: least to most",
		groups: groupsOf(calls, "mouth_to_ear_ms", []string{"phone", "yardstick", "baresip", "pjsua"},
			[]network{{"clean", "pcmu"}, {"clean", "opus"}, {"ju40", "pcmu"}, {"ju80", "pcmu"}, {"je20", "pcmu"}, {"stall150", "pcmu"}, {"mix", "pcmu"}, {"loss5", "opus"}}),
	}
	quality := chart{
		file: "voice-quality.svg", title: "How it sounds (MOS-LQO, ITU-T P.862)", decimals: 2, from: 1, note: "more is better, 1 to 4.5; bar: median, line: least to most",
		groups: groupsOf(calls, "mos_lqo", []string{"phone", "baresip", "pjsua", "ideal-repeat", "ideal-redundant"},
			[]network{{"clean", "pcmu"}, {"loss5", "pcmu"}, {"loss10", "pcmu"}, {"loss5", "opus"}, {"ju40", "pcmu"}, {"ju80", "pcmu"}, {"je20", "pcmu"}, {"stall150", "pcmu"}, {"mix", "pcmu"}}),
	}
	return []chart{delay, quality}
}

func groupsOf(calls []measured, key string, series []string, nets []network) (out []chartGroup) {
	for _, n := range nets {
		g := chartGroup{title: n.title()}
		for _, s := range series {
			if v := of(calls, s, n, key); len(v) > 0 {
				g.bars = append(g.bars, chartBar{s, v})
			}
		}
		if len(g.bars) > 0 {
			out = append(out, g)
		}
	}
	return out
}

const (
	chartWidth  = 760
	chartLabels = 244 // left of the bars
	chartRight  = 52  // right of them, for the figures
	barHeight   = 13
	barStep     = 16
	groupGap    = 14
	legendStep  = 20
)

// svg draws the chart.
func (c chart) svg() []byte {
	most, bars := c.from, 0
	var series []string
	for _, g := range c.groups {
		for _, b := range g.bars {
			most = max(most, quantile(b.v, 1))
			bars++
			if !slices.Contains(series, b.series) {
				series = append(series, b.series)
			}
		}
	}
	step := niceStep((most - c.from) / 5)
	end := c.from + math.Ceil((most-c.from)/step-1e-9)*step
	top := 62 + legendStep*((len(series)+1)/2)
	height := top + bars*barStep + len(c.groups)*groupGap + 34
	x := func(v float64) float64 {
		return chartLabels + (v-c.from)/(end-c.from)*(chartWidth-chartLabels-chartRight)
	}
	var w bytes.Buffer
	fmt.Fprintf(&w, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" font-family="system-ui, sans-serif" font-size="12" fill="#1d2126">`+"\n", chartWidth, height)
	fmt.Fprintf(&w, `<rect width="%d" height="%d" fill="#fff"/>`+"\n", chartWidth, height)
	fmt.Fprintf(&w, `<text x="16" y="26" font-size="17" font-weight="600">%s</text><text x="16" y="45" fill="#5f6670">%s</text>`+"\n", c.title, c.note)
	for i, s := range series {
		lx, ly := 16+i%2*330, 62+i/2*legendStep
		fmt.Fprintf(&w, `<rect x="%d" y="%d" width="14" height="11" fill="%s"/><text x="%d" y="%d">%s</text>`+"\n", lx, ly, colour(s), lx+20, ly+10, seriesName(s))
	}
	for v := c.from; v <= end+step/2; v += step {
		fmt.Fprintf(&w, `<path d="M%.1f %dV%d" stroke="#e3e6ea"/><text x="%.1f" y="%d" text-anchor="middle" fill="#5f6670">%s</text>`+"\n",
			x(v), top, height-28, x(v), height-12, trimmed(v, c.unit))
	}
	y := top + groupGap/2
	for _, g := range c.groups {
		fmt.Fprintf(&w, `<text x="%d" y="%d" text-anchor="end">%s</text>`+"\n", chartLabels-10, y+len(g.bars)*barStep/2+3, g.title)
		for _, b := range g.bars {
			m, lo, hi := median(b.v), quantile(b.v, 0), quantile(b.v, 1)
			mid := float64(y) + barHeight/2.0
			fmt.Fprintf(&w, `<rect x="%d" y="%d" width="%.1f" height="%d" fill="%s"/>`, chartLabels, y, max(x(m)-chartLabels, 1), barHeight, colour(b.series))
			fmt.Fprintf(&w, `<path d="M%.1f %.1fH%.1f" stroke="#1d2126" stroke-width="1.2"/>`, x(lo), mid, x(hi))
			fmt.Fprintf(&w, `<text x="%.1f" y="%.1f" font-size="11">%.*f</text>`+"\n", x(max(hi, m))+5, mid+4, c.decimals, m)
			y += barStep
		}
		y += groupGap
	}
	w.WriteString("</svg>\n")
	return w.Bytes()
}

func colour(series string) string {
	if l, ok := looks[series]; ok {
		return l[1]
	}
	return "#666"
}

func seriesName(series string) string {
	if l, ok := looks[series]; ok {
		return l[0]
	}
	return series
}

// niceStep is the least of 1, 2, 5 times a power of ten that is not under v.
func niceStep(v float64) float64 {
	if v <= 0 {
		return 1
	}
	p := math.Pow(10, math.Floor(math.Log10(v)))
	for _, k := range []float64{1, 2, 5} {
		if k*p >= v {
			return k * p
		}
	}
	return 10 * p
}

func trimmed(v float64, unit string) string {
	s := fmt.Sprintf("%g", math.Round(v*100)/100)
	if unit != "" {
		s += " " + unit
	}
	return s
}
