package phone

import (
	"context"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// startLoop runs a loop in the bubble; it is closed and waited for at the end.
func startLoop(t *testing.T, run func([]Effect)) *Loop {
	t.Helper()
	l := NewLoop(ready(Settings{}), time.Now, run)
	done := make(chan struct{})
	go func() { l.Run(t.Context()); close(done) }()
	t.Cleanup(func() { l.Close(); <-done })
	return l
}

func TestLoopEffectsInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var got []int
		l := startLoop(t, func(out []Effect) {
			for _, x := range out {
				if v, ok := x.(SaveVolume); ok {
					got = append(got, v.Percent)
				}
			}
		})
		for i := range 100 {
			l.Post(SetVolume{i})
		}
		synctest.Wait()
		for i, v := range got {
			if v != i {
				t.Fatalf("effect %d is volume %d", i, v)
			}
		}
		if len(got) != 100 || l.Stats() != (LoopStats{Applied: 100, Deepest: l.Stats().Deepest}) {
			t.Fatalf("%d effects, %+v", len(got), l.Stats())
		}
	})
}

func TestLoopViewIsThereBeforeEffects(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var l *Loop
		var screens []Screen
		ready := make(chan struct{})
		l = startLoop(t, func([]Effect) { <-ready; screens = append(screens, l.View().Screen) })
		close(ready)
		l.Post(HookMoved{true})
		synctest.Wait()
		if len(screens) != 1 || screens[0] != ScreenDialtone {
			t.Fatalf("effects saw %v", screens)
		}
	})
}

func TestLoopSubscribersGetTheLatest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := startLoop(t, nil)
		views, cancel := l.Subscribe()
		for range 1000 { // nobody reads: the loop must not mind
			l.Post(KeyDown{KeyVolUp})
			l.Post(KeyUp{KeyVolUp})
		}
		synctest.Wait()
		if v := <-views; v.Seq != l.View().Seq || l.Stats().Applied != 2000 {
			t.Fatalf("got view %d, the latest is %d; %d events applied", v.Seq, l.View().Seq, l.Stats().Applied)
		}
		select {
		case v := <-views:
			t.Fatalf("an old view %d came after the latest", v.Seq)
		default:
		}
		l.Post(HookMoved{true})
		if v := <-views; v.Screen != ScreenDialtone {
			t.Fatalf("screen %s", v.Screen)
		}
		cancel()
		cancel()
		if _, ok := <-views; ok {
			t.Fatal("a cancelled subscription still delivers")
		}
	})
}

func TestLoopClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := NewLoop(New(Settings{}), time.Now, nil)
		views, _ := l.Subscribe()
		<-views
		done := make(chan struct{})
		go func() { l.Run(context.Background()); close(done) }()
		synctest.Wait()
		l.Close()
		l.Close()
		<-done
		if _, ok := <-views; ok {
			t.Fatal("views go on after Close")
		}
		if l.Post(Reconnect{}) || l.Stats().Dropped != 1 {
			t.Fatalf("a closed loop takes events: %+v", l.Stats())
		}
		if late, cancel := l.Subscribe(); late != nil {
			if _, ok := <-late; ok {
				t.Fatal("a subscription to a closed loop delivers")
			}
			cancel()
		}
	})
}

func TestLoopContextEndsIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(context.Background())
		l := NewLoop(New(Settings{}), time.Now, func([]Effect) { cancel() })
		l.Post(HookMoved{true})
		for range 10 {
			l.Post(SetVolume{1})
		}
		l.Run(ctx)
		if s := l.Stats(); s.Applied != 1 {
			t.Fatalf("%+v: events were applied after the end", s)
		}
	})
}

func TestLoopQueueIsBounded(t *testing.T) {
	l := NewLoop(New(Settings{}), time.Now, nil)
	for range queueLimit {
		if !l.Post(Reconnect{}) {
			t.Fatal("dropped too early")
		}
	}
	if l.Post(Reconnect{}) || l.Stats().Dropped != 1 || l.Stats().Deepest != queueLimit {
		t.Fatalf("%+v", l.Stats())
	}
}

// TestLoopReplay: the recorded events give the same State again.
func TestLoopReplay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log []Event
		l := NewLoop(ready(Settings{}), time.Now, nil)
		l.Record = func(e Event) { log = append(log, e) }
		done := make(chan struct{})
		go func() { l.Run(context.Background()); close(done) }()
		var wg sync.WaitGroup
		for _, k := range []Key{"1", "2", KeySpeaker, KeyVolUp} {
			wg.Go(func() {
				for range 50 {
					l.Post(KeyDown{k})
					l.Post(KeyUp{k})
				}
			})
		}
		wg.Wait()
		synctest.Wait()
		l.Close()
		<-done
		s := ready(Settings{})
		for _, e := range log {
			s, _ = Step(s, e)
		}
		if got, want := s.View(), l.View(); len(log) != 400 || got.Seq != want.Seq || got.Screen != want.Screen || got.Input != want.Input || !got.Plan.Equal(want.Plan) {
			t.Fatalf("replay of %d events gives %s %+v, the loop was at %s %+v", len(log), got.Screen, got.Input, want.Screen, want.Input)
		}
	})
}

// TestLoopLeavesNoGoroutine runs many loops with readers outside a bubble.
func TestLoopLeavesNoGoroutine(t *testing.T) {
	for range 20 {
		l := NewLoop(ready(Settings{}), time.Now, func([]Effect) {})
		var wg sync.WaitGroup
		wg.Go(func() { l.Run(context.Background()) })
		views, _ := l.Subscribe()
		wg.Go(func() {
			for range views {
				_ = l.View().Screen
			}
		})
		for range 4 {
			wg.Go(func() {
				for range 100 {
					l.Post(KeyDown{KeyVolUp})
				}
				_, cancel := l.Subscribe()
				cancel()
			})
		}
		l.Post(HookMoved{true})
		l.Close()
		wg.Wait()
	}
	buf := make([]byte, 1<<20)
	if stacks := string(buf[:runtime.Stack(buf, true)]); strings.Contains(stacks, "phone.(*Loop)") {
		t.Fatalf("a loop's goroutine is left:\n%s", stacks)
	}
}

// oneCall is a typical call: lift, dial, ring, talk, hang up.
func oneCall(s State, step func(State, What) State) State {
	s = step(s, HookMoved{true})
	for _, k := range []Key{"9", "1", "9", "6", "#"} {
		s = step(s, KeyDown{k})
		s = step(s, KeyUp{k})
	}
	c := CallRef{s.nextCall, 1}
	for _, w := range []What{
		CallProgress{Call: c, Code: 180}, CallAnswered{c}, MediaUp{Call: c}, QualitySampled{Call: c},
		KeyDown{"5"}, KeyUp{"5"}, KeyDown{KeyMute}, KeyUp{KeyMute}, End{}, CallGone{Call: c}, HookMoved{false},
	} {
		s = step(s, w)
	}
	if i := s.timerIndex(Timer{Kind: TimerOnHook}); i >= 0 {
		s = step(s, TimerFired{Timer{Kind: TimerOnHook}, s.timers[i].gen})
	}
	return s
}

func BenchmarkStep(b *testing.B) {
	s := ready(Settings{})
	events := 0
	at := t0
	b.ReportAllocs()
	for b.Loop() {
		s = oneCall(s, func(s State, w What) State {
			events++
			at = at.Add(time.Millisecond)
			s, _ = Step(s, Event{at, w})
			return s
		})
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(events), "ns/event")
	if len(s.calls) > 1 || s.path != PathNone {
		b.Fatalf("%d calls are left, path %s", len(s.calls), s.path)
	}
}

func BenchmarkView(b *testing.B) {
	s := ready(Settings{})
	b.ReportAllocs()
	for b.Loop() {
		_ = s.View()
	}
}

// BenchmarkLoop is the way of an event from Post to a subscriber's View.
func BenchmarkLoop(b *testing.B) {
	l := NewLoop(ready(Settings{}), time.Now, func([]Effect) {})
	go l.Run(b.Context())
	defer l.Close()
	views, cancel := l.Subscribe()
	defer cancel()
	<-views
	b.ReportAllocs()
	for b.Loop() {
		l.Post(QualitySampled{})
		<-views
	}
}
