package phone_test

import (
	"testing"

	"phoned/lab/faults"
	"phoned/media/mediatest"
	"phoned/media/mediatest/sentence"
	"phoned/phone"
)

// A call is dialled key by key, speech comes back, and hanging up is seen.
func TestEchoIsHeard(t *testing.T) {
	t.Parallel()
	w := ready(t, setup{})
	for _, codec := range []string{"pcmu", "opus"} {
		w.lab.Faults.SetSIP(faults.SIP{Codecs: []string{codec}})
		m := w.mark()
		w.dial("9196")
		w.active()
		stats := w.Phone.MediaStats()
		if len(stats) != 1 || !stats[0].Secure {
			t.Fatalf("media are not secure: %+v", stats)
		}
		w.bench.say(sentence.NewSpeaker(true))
		ctx, cancel := w.waiting()
		sent, heard, err := w.bench.listen(ctx, 3)
		cancel()
		w.must(err)
		w.bench.say(nil)
		if c := mediatest.EnvelopeCorrelation(sent, heard); c < 0.8 {
			t.Errorf("%s: what comes back is like what was said by %.2f only", codec, c)
		}
		w.hangUp()
		w.labEvent(m, "bye", nil)
		w.gone()
		if c := w.lastCall(); !c.ByeSeen || !c.AckSeen {
			t.Errorf("the exchange saw no proper end: %+v", c)
		}
		w.screen(phone.ScreenIdle)
	}
}
