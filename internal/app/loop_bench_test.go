package app

import (
	"fmt"
	"testing"

	"phoned/internal/clock"
	"phoned/media"
	"phoned/media/audio"
	"phoned/phone"
	"phoned/sip"
)

// quietAgent is a signalling that takes everything and says nothing.
type quietAgent struct{ sip.UserAgent }

func (quietAgent) SetLines([]sip.Line)                 {}
func (quietAgent) Ring(sip.LegID) error                { return nil }
func (quietAgent) End(sip.LegID, string) error         { return nil }
func (quietAgent) Refuse(sip.LegID, int, string) error { return nil }

// quietAudio is an engine that does nothing.
type quietAudio struct{}

func (quietAudio) Apply(media.Plan) error { return nil }
func (quietAudio) Beep(audio.ToneName)    {}
func (quietAudio) PlayDigit(byte)         {}
func (quietAudio) AddPort(media.Port)     {}
func (quietAudio) RemovePort(media.Port)  {}

// batch is how many events are on their way at once.
const batch = 32

// BenchmarkEvent is the cost of an event from Post to its view, with the
// dispatch of its effects onto the queues that do them.
func BenchmarkEvent(b *testing.B) {
	p, err := New(Config{
		Settings: phone.Defaults(phone.Settings{}), Audio: quietAudio{}, Clock: clock.Real{},
		Agent:   func(func(sip.Event)) (sip.UserAgent, error) { return quietAgent{}, nil },
		Session: func(Line) (media.Session, error) { return nil, fmt.Errorf("no media here") },
	})
	if err != nil {
		b.Fatal(err)
	}
	p.common, p.saves = newQueue(), newQueue()
	defer func() {
		p.cancel()
		p.timers.close()
		p.common.close()
		p.saves.close()
		<-p.common.done
		<-p.saves.done
	}()
	done := make(chan struct{})
	go func() { defer close(done); p.loop.Run(p.ctx) }()
	defer func() { p.cancel(); <-done }()
	for _, c := range []struct {
		name   string
		events [2]phone.What
	}{
		{"heartbeat", [2]phone.What{phone.Heartbeat{}, phone.Heartbeat{}}},
		{"key", [2]phone.What{phone.KeyDown{Key: "5"}, phone.KeyUp{Key: "5"}}},
		{"hook", [2]phone.What{phone.HookMoved{OffHook: true}, phone.HookMoved{}}},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			views, stop := p.loop.Subscribe()
			defer stop()
			n := p.loop.View().Seq
			for i := 0; b.Loop(); i++ {
				p.loop.Post(c.events[i%2])
				n++
				if i%batch == batch-1 {
					for v := p.loop.View(); v.Seq < n; v = <-views {
					}
				}
			}
		})
	}
}
