package main

import (
	"encoding/json"
	"runtime"

	"golang.org/x/sys/unix"

	"phoned/media/codec/opus"
)

// codecFloor is what a minute of a call costs the processor in the bare codec:
// one encoder and one decoder of libopus as the phone sets them, nothing else.
func codecFloor(speech []int16, enc *json.Encoder) error {
	e, err := opus.NewEncoder(opus.Config{})
	if err != nil {
		return err
	}
	d, err := opus.NewDecoder()
	if err != nil {
		return err
	}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	const n = opus.Rate * ptime / 1000
	var packet []byte
	var pcm []int16
	var times []float64
	for range 5 {
		before, frames := threadCPU(), 0
		for at := 0; at+n <= len(speech); at += n {
			if packet, err = e.Encode(packet[:0], speech[at:at+n]); err != nil {
				return err
			}
			if pcm, err = d.Decode(pcm[:0], packet); err != nil {
				return err
			}
			frames++
		}
		times = append(times, (threadCPU()-before)*60*1000/ptime/float64(frames))
	}
	return enc.Encode(map[string]any{"floor": "opus", "n": len(times), "cpu_s_per_60s": median(times), "min": quantile(times, 0), "max": quantile(times, 1)})
}

// threadCPU is the processor time of the calling thread in seconds.
func threadCPU() float64 {
	var t unix.Timespec
	if unix.ClockGettime(unix.CLOCK_THREAD_CPUTIME_ID, &t) != nil {
		return 0
	}
	return float64(t.Nano()) / 1e9
}
