package phone_test

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"net/http"
	"testing"

	"phoned/media/audio"
	"phoned/phone"
)

// TestEchoOverHTTP: the whole phone calls the exchange's echo, and finds what its
// microphone said in what came back; a number that nobody has gives no echo.
func TestEchoOverHTTP(t *testing.T) {
	w := ready(t, setup{api: true})
	var got struct {
		Answered, Heard bool
		Cause           string
		Likeness        float64
		Delay           int
		Sent, Received  float64
		SentPeaks       []int
	}
	ask := func(number string) {
		t.Helper()
		code, b := w.ask(http.MethodPost, "/api/v1/tests/echo", `{"number":"`+number+`","seconds":4}`)
		if code != http.StatusOK {
			t.Fatal(code, string(b))
		}
		got.Cause, got.SentPeaks = "", nil
		if err := json.Unmarshal(b, &got); err != nil {
			t.Fatal(err)
		}
		w.gone()
		w.until("the loudspeaker is free", func(v phone.View) bool { return v.Path == phone.PathNone && len(v.Calls) == 0 })
	}
	w.bench.say(&babble{r: rand.New(rand.NewPCG(1, 2))}) //nolint:gosec // a sound
	ask("9196")
	if !got.Answered || !got.Heard || got.Delay > 1500 || len(got.SentPeaks) != 100 {
		t.Errorf("%+v", got)
	}
	ask("4711")
	if got.Answered || got.Heard || got.Cause == "" {
		t.Errorf("nobody's number: %+v", got)
	}
}

// babble rises and falls as speech does.
type babble struct {
	r    *rand.Rand
	loud float64
	left int
	n    int
}

func (b *babble) ReadFrame(dst []int16) bool {
	for i := range dst {
		if b.left--; b.left < 0 {
			b.loud, b.left = b.r.Float64(), int((0.05+0.2*b.r.Float64())*audio.Rate)
		}
		b.n++
		dst[i] = int16(b.loud * b.loud * 9000 * math.Sin(float64(b.n)/20))
	}
	return true
}
