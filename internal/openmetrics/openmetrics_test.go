package openmetrics

import (
	"math"
	"strings"
	"testing"
)

func TestWrite(t *testing.T) {
	h := NewHistogram(0.1, 0.5)
	for _, v := range []float64{0.05, 0.1, 0.3, 7, math.NaN()} {
		h.Observe(v)
	}
	var b strings.Builder
	err := Write(&b, []Family{
		{Name: "phone_up_seconds", Kind: Gauge, Unit: "seconds", Help: "How long.\nReally.", Samples: []Sample{{Value: 12.5}}},
		{Name: "phone_calls", Kind: Counter, Help: "Calls.", Samples: []Sample{{Labels: Labels("direction", "in", "who", "a\"b\\c\nd"), Value: 3}}},
		{Name: "phone", Kind: Info, Samples: []Sample{{Labels: Labels("version", "1.2")}}},
		{Name: "phone_delay_seconds", Kind: Buckets, Unit: "seconds", Samples: []Sample{{Labels: Labels("line", "1"), Histogram: h.State()}}},
		{Name: "phone_none", Kind: Gauge},
	})
	if err != nil {
		t.Fatal(err)
	}
	want := `# TYPE phone info
phone_info{version="1.2"} 1
# TYPE phone_calls counter
# HELP phone_calls Calls.
phone_calls_total{direction="in",who="a\"b\\c\nd"} 3
# TYPE phone_delay_seconds histogram
# UNIT phone_delay_seconds seconds
phone_delay_seconds_bucket{line="1",le="0.1"} 2
phone_delay_seconds_bucket{line="1",le="0.5"} 3
phone_delay_seconds_bucket{line="1",le="+Inf"} 4
phone_delay_seconds_count{line="1"} 4
phone_delay_seconds_sum{line="1"} 7.45
# TYPE phone_up_seconds gauge
# UNIT phone_up_seconds seconds
# HELP phone_up_seconds How long.\nReally.
phone_up_seconds 12.5
# EOF
`
	if b.String() != want {
		t.Errorf("got\n%s\nwant\n%s", b.String(), want)
	}
}
