package main

import (
	"cmp"
	"maps"
	"math"
	"reflect"
	"slices"
	"strings"
)

// Result is one call: a line of the rig's output.
type Result struct {
	Phone string `json:"phone"`
	Run   int    `json:"run"`
	Scenario
	Network
	Heard
	// MouthToEar is the loop delay with what the phone's loop saves of a card's.
	MouthToEar float64 `json:"mouth_to_ear_ms"`
	AtTheEnd   float64 `json:"mouth_to_ear_last5s_ms"`
	Ringing    float64 `json:"invite_18x_ms"`
	Answered   float64 `json:"invite_200_ms"`
	Bye        float64 `json:"bye_200_ms"`
	CPU        float64 `json:"cpu_s_per_60s"`
	RSS        float64 `json:"rss_mib_in_call"`
	Repeated   int     `json:"repeated"` // times, because the rig was late
	Err        string  `json:"err,omitempty"`
}

// Network is what the rig did.
type Network struct {
	Sent        int     `json:"sent"`
	Dropped     int     `json:"dropped"`
	ScheduleP99 float64 `json:"schedule_p99_ms"` // delay of the network that 99 of 100 packets keep to
	Late        float64 `json:"rig_send_late_max_ms"`
}

// summarise gives a line for each phone and scenario with the medians of all
// figures over the calls that went well, and n.
func summarise(all []Result) []map[string]any {
	type group struct{ phone, scenario, codec string }
	groups := map[group][]Result{}
	failed := map[group]int{}
	for _, r := range all {
		g := group{r.Phone, r.Name, r.Codec}
		if r.Err != "" {
			failed[g]++
			if groups[g] == nil {
				groups[g] = []Result{}
			}
			continue
		}
		groups[g] = append(groups[g], r)
	}
	keys := slices.SortedFunc(maps.Keys(groups), func(a, b group) int {
		return cmp.Or(cmp.Compare(a.scenario, b.scenario), cmp.Compare(a.codec, b.codec), cmp.Compare(a.phone, b.phone))
	})
	var out []map[string]any
	for _, g := range keys {
		line := map[string]any{"median_of": len(groups[g]), "failed": failed[g], "phone": g.phone, "name": g.scenario, "codec": g.codec}
		values := map[string][]float64{}
		for _, r := range groups[g] {
			for _, part := range []any{r, r.Network, r.Heard} {
				figures(part, values)
			}
		}
		for name, v := range values {
			line[name] = math.Round(median(v)*1000) / 1000
		}
		out = append(out, line)
	}
	return out
}

// figures collects the numbers of a struct under their JSON names.
func figures(of any, into map[string][]float64) {
	v := reflect.ValueOf(of)
	for i := range v.NumField() {
		f := v.Type().Field(i)
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		switch {
		case f.Anonymous || name == "run":
		case f.Type.Kind() == reflect.Float64:
			into[name] = append(into[name], v.Field(i).Float())
		case f.Type.Kind() == reflect.Int:
			into[name] = append(into[name], float64(v.Field(i).Int()))
		}
	}
}
