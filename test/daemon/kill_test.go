package daemon_test

import (
	"errors"
	"math/rand/v2"
	"strings"
	"testing"
	"time"
)

// The daemon is killed at random moments of calls and token rotations, again and
// again: what it had said to be kept reaches the backend once, no more and no
// less, and nobody ever has to sign in again. A token that was used is on the disk:
// the server takes the one before only while nothing that it brought was used. (With a
// server that never does, who is killed between its answer and the disk is signed out,
// whatever the phone does: TestRotationWithLostAnswer.)
func TestKilledUnderLoad(t *testing.T) {
	rounds := 20
	if testing.Short() {
		rounds = 3
	}
	x := newExchange(t, session)
	x.OAuth.ForgiveLostAnswers()
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	dice := rand.New(rand.NewPCG(seed, 0))
	kept := map[string]bool{}
	for range rounds {
		d := x.start(t)
		d.await("sip-registered", nil)
		// The next use of the access token is refused: a rotation is on its way
		// in most of the rounds when the end comes.
		x.OAuth.Expire()
		time.AfterFunc(time.Duration(dice.Int64N(int64(1500*time.Millisecond))), d.kill)
		for {
			id, err := d.call(false)
			if errors.Is(err, errGone) {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			kept[id] = true
		}
		for _, token := range x.OAuth.Issued() {
			if strings.Contains(d.log.whole(), token) {
				t.Error("the log holds a token")
			}
		}
	}
	d := x.start(t)
	d.await("sip-registered", nil)
	times := map[string]int{}
	n := 0
	for missing := len(kept); missing > 0; {
		clear(times)
		for _, c := range x.OAuth.History() {
			id, _ := c["callId"].(string)
			times[id]++
		}
		missing = 0
		for id := range kept {
			if times[id] == 0 {
				missing++
			}
		}
		if missing > 0 {
			n = x.awaitHistory(t, n, d)
		}
	}
	for id, n := range times {
		if n != 1 {
			t.Errorf("call %s is %d times in the backend", id, n)
		}
	}
	t.Logf("%d rounds: %d calls were kept, %d are in the backend, %d tokens were issued", rounds, len(kept), len(times), len(x.OAuth.Issued()))
	if len(times) > len(kept)+rounds { // the one that was on its way each time
		t.Errorf("%d calls were kept, the backend has %d", len(kept), len(times))
	}
	d.kill()
}
