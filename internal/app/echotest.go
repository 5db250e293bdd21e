package app

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"phoned/manage"
	"phoned/media"
	"phoned/media/audio"
	"phoned/phone"
)

const (
	echoAnswer = 30 * time.Second // for the echo to answer
	echoLag    = 2 * time.Second  // later than that nobody calls it an echo
	echoFrame  = audio.Rate / 100 // 10 ms
	// An echo is as like what was said as this, over the course of its levels.
	echoLike  = 0.6
	echoQuiet = -60 // dBFS; less is nothing
)

// Echo implements manage.Sound: it calls a number that gives everything back, listens
// to both ways and compares them. Somebody should speak meanwhile.
func (d soundDesk) Echo(ctx context.Context, t manage.EchoTest) (manage.EchoResult, error) {
	if v := d.s.Phone.View(); len(v.Calls) > 0 || v.Path != phone.PathNone {
		return manage.EchoResult{}, fmt.Errorf("%w: the phone is in use", manage.ErrNotNow)
	}
	views, cancel := d.s.Phone.Subscribe()
	defer cancel()
	if !d.s.Phone.Post(phone.Dial{Number: t.Number}) {
		return manage.EchoResult{}, fmt.Errorf("%w: the phone takes no orders", manage.ErrNotNow)
	}
	out := manage.EchoResult{Number: t.Number, Sent: -120, Received: -120, SentPeaks: []int{}, ReceivedPeaks: []int{}}
	call, cause, err := answered(ctx, views)
	if call != 0 {
		defer d.s.Phone.Post(phone.End{Call: call})
	}
	if err != nil || cause != "" {
		out.Cause = cause
		return out, err
	}
	out.Answered = true
	said, heard, err := d.bothWays(ctx, time.Duration(t.Seconds*float64(time.Second)))
	judgeEcho(&out, said, heard)
	return out, err
}

// answered waits for the call that was dialled to be in progress, with voice; cause says
// why it is not. Who calls meanwhile is left alone.
func answered(ctx context.Context, views <-chan phone.View) (call phone.CallID, cause string, err error) {
	late := time.NewTimer(echoAnswer)
	defer late.Stop()
	for {
		select {
		case v, ok := <-views:
			if !ok {
				return 0, "", fmt.Errorf("%w: the phone ends", manage.ErrNotNow)
			}
			i := slices.IndexFunc(v.Calls, func(c phone.CallView) bool { return c.Direction == phone.Outbound })
			if i < 0 {
				if call != 0 {
					return 0, "ended", nil
				}
				continue
			}
			c := v.Calls[i]
			call = c.ID
			switch {
			case c.State == phone.Ending || c.State == phone.Ended:
				return call, string(c.Cause), nil
			case c.State == phone.Active && c.MediaUp:
				return call, "", nil
			}
		case <-late.C:
			return call, "no answer", nil
		case <-ctx.Done():
			return call, "", ctx.Err()
		}
	}
}

// bothWays listens to what goes out and what comes in, each frame beside its fellow.
func (d soundDesk) bothWays(ctx context.Context, length time.Duration) (said, heard []int16, err error) {
	var in [2]*frames
	var stops []func() error
	defer func() {
		for _, stop := range stops {
			err = errors.Join(err, stop())
		}
	}()
	for i, point := range []media.TapPoint{media.TapSend, media.TapReceive} {
		over, err := d.s.beginTap(point)
		if err != nil {
			return nil, nil, err
		}
		stops = append(stops, func() error { over(); return nil })
		in[i] = &frames{to: make(chan []int16, 2000)}
		stop, err := d.s.Engine.Tap(point, in[i])
		if err != nil {
			return nil, nil, err
		}
		stops = append(stops, stop)
	}
	late := time.NewTimer(length + 2*time.Second)
	defer late.Stop()
	for want := int(length.Seconds() * audio.Rate); len(said) < want || len(heard) < want; {
		select {
		case f := <-in[0].to:
			said = append(said, f...)
		case f := <-in[1].to:
			heard = append(heard, f...)
		case <-late.C:
			return said, heard, nil
		case <-ctx.Done():
			return said, heard, ctx.Err()
		}
	}
	return said, heard, nil
}

// judgeEcho finds what was said in what was heard, by the course of their levels: a
// codec and a jitter buffer change the waves, not that.
func judgeEcho(out *manage.EchoResult, said, heard []int16) {
	out.Sent, out.Received = level(said), level(heard)
	out.SentPeaks, out.ReceivedPeaks = peaks(said), peaks(heard)
	a, b := course(said), course(heard)
	best, at := 0.0, 0
	for lag := 0; lag < int(echoLag/(10*time.Millisecond)) && lag < len(b)/2; lag++ {
		n := min(len(a), len(b)-lag)
		if r := likeness(a[:n], b[lag:lag+n]); r > best {
			best, at = r, lag
		}
	}
	out.Likeness, out.Delay = math.Round(best*100)/100, at*10
	out.Heard = best >= echoLike && out.Received > echoQuiet && out.Sent > echoQuiet
	if !out.Heard {
		out.Delay = 0
	}
}

// level is the mean power in dBFS, −120 at least.
func level(samples []int16) float64 {
	sum := 0.0
	for _, v := range samples {
		x := float64(v) / math.MaxInt16
		sum += x * x
	}
	return max(-120, math.Round(100*math.Log10(max(sum/float64(max(len(samples), 1)), 1e-12)))/10)
}

// course are the levels of each 10 ms, in dB above −60 dBFS.
func course(samples []int16) []float64 {
	var out []float64
	for ; len(samples) >= echoFrame; samples = samples[echoFrame:] {
		out = append(out, max(0, level(samples[:echoFrame])-echoQuiet))
	}
	return out
}

// likeness is Pearson's correlation; 0 where one of both stands still.
func likeness(a, b []float64) float64 {
	n := float64(len(a))
	if n < 20 {
		return 0
	}
	var sa, sb, saa, sbb, sab float64
	for i := range a {
		sa, sb = sa+a[i], sb+b[i]
		saa, sbb, sab = saa+a[i]*a[i], sbb+b[i]*b[i], sab+a[i]*b[i]
	}
	d := (saa - sa*sa/n) * (sbb - sb*sb/n)
	if d <= 1e-9 {
		return 0
	}
	return (sab - sa*sb/n) / math.Sqrt(d)
}

// peaks are the loudest samples of 100 parts, 0 to 100.
func peaks(samples []int16) []int {
	out := []int{}
	for i := range min(100, len(samples)) {
		peak := 0
		for _, v := range samples[i*len(samples)/100 : (i+1)*len(samples)/100] {
			peak = max(peak, int(math.Abs(float64(v))))
		}
		out = append(out, peak*100/(math.MaxInt16+1))
	}
	return out
}
