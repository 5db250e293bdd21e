package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"math"
	"time"

	"phoned/hal"
	"phoned/manage"
	"phoned/media/audio"
	"phoned/media/mediatest"
	"phoned/phone"
)

// order is one line of standard input.
type order struct {
	Do     string  `json:"do"`
	ID     int     `json:"id"` // repeated in the reply
	Number string  `json:"number"`
	Key    string  `json:"key"`
	Digits string  `json:"digits"`
	On     *bool   `json:"on"`
	Hz     float64 `json:"hz"`
	MS     int     `json:"ms"`
	Call   int     `json:"call"`
	With   int     `json:"with"` // the other call of a transfer
	// Percent is the volume of whatever path comes into use.
	Percent int `json:"percent"`
}

// script is the phone driven by another program: orders as JSON lines come in,
// {"event":…} and {"reply":…} go out.
func script(ctx context.Context, o options, in io.Reader, out io.Writer, log *slog.Logger) error {
	w, err := start(ctx, o, log, "", true)
	if err != nil {
		return err
	}
	lines := make(chan any, 64)
	printed := make(chan struct{})
	go func() {
		defer close(printed)
		e := json.NewEncoder(out)
		for l := range lines {
			_ = e.Encode(l)
		}
	}()
	follow, stopFollowing := context.WithCancel(ctx)
	followed := make(chan struct{})
	go func() { defer close(followed); w.follow(follow, lines) }()

	w.bench.say(nil)
	orders := make(chan order)
	go func() {
		defer close(orders)
		s := bufio.NewScanner(in)
		for s.Scan() {
			var x order
			if err := json.Unmarshal(s.Bytes(), &x); err != nil {
				lines <- map[string]any{"reply": "error", "error": err.Error()}
				continue
			}
			orders <- x
		}
	}()
	w.obey(ctx, orders, lines)
	err = w.stop()
	stopFollowing()
	<-followed
	close(lines)
	<-printed
	return err
}

func (w *world) obey(ctx context.Context, orders <-chan order, lines chan<- any) {
	ctx, cancel := context.WithCancel(ctx)
	kept := make(chan struct{})
	go func() { defer close(kept); w.keepVolume(ctx, w.volume) }()
	defer func() { cancel(); <-kept }()
	for {
		select {
		case <-ctx.Done():
			return
		case x, more := <-orders:
			if !more || x.Do == "quit" {
				return
			}
			reply, err := w.do(ctx, x)
			if reply == nil {
				reply = map[string]any{}
			}
			reply["reply"], reply["id"] = x.Do, x.ID
			if err != nil {
				reply["error"] = err.Error()
			}
			lines <- reply
		}
	}
}

// follow passes on everything the phone publishes.
func (w *world) follow(ctx context.Context, lines chan<- any) {
	last := int64(0)
	for {
		var list []manage.Published
		var more <-chan struct{}
		list, more = w.Bus.After(last)
		for _, e := range list {
			last = e.ID
			l := map[string]any{"event": e.Name}
			for k, v := range e.Detail {
				l[k] = v
			}
			lines <- l
		}
		select {
		case <-more:
		case <-ctx.Done():
			return
		}
	}
}

// longestWait of a script, in milliseconds: a recorded session may have had a
// pause.
const longestWait = 600_000

func toggle(on *bool) phone.Toggle {
	switch {
	case on == nil:
		return phone.Flip
	case *on:
		return phone.On
	}
	return phone.Off
}

func (w *world) do(ctx context.Context, x order) (map[string]any, error) {
	id := phone.CallID(x.Call)
	switch x.Do {
	case "dial":
		w.Phone.Post(phone.Dial{Number: x.Number})
	case "answer":
		w.Phone.Post(phone.Answer{Call: id})
	case "reject":
		w.Phone.Post(phone.Reject{Call: id})
	case "end":
		w.Phone.Post(phone.End{Call: id})
	case "hold":
		w.Phone.Post(phone.SetHolding{Call: id, On: toggle(x.On)})
	case "mute":
		w.Phone.Post(phone.SetMute{On: toggle(x.On)})
	case "record":
		w.Phone.Post(phone.Record{Call: id, On: toggle(x.On)})
	case "dtmf":
		w.Phone.Post(phone.Digits{Call: id, Digits: x.Digits})
	case "transfer":
		w.Phone.Post(phone.Transfer{Call: id, Target: x.Number, With: phone.CallID(x.With)})
	case "conference":
		w.Phone.Post(phone.Conference{On: toggle(x.On)})
	case "reconnect":
		w.Phone.Post(phone.Reconnect{})
	case "wait":
		return nil, sleep(ctx, time.Duration(min(max(x.MS, 0), longestWait))*time.Millisecond)
	case "down", "up":
		return nil, w.keypad.Move(hal.Key(x.Key), x.Do == "down")
	case "press":
		return nil, w.keypad.Press(hal.Key(x.Key))
	case "lift":
		return nil, w.hook.Lift()
	case "hangup":
		return nil, w.hook.HangUp()
	case "tone":
		if x.Hz <= 0 {
			w.bench.say(nil)
		} else {
			w.bench.say(&sine{hz: x.Hz})
		}
	case "volume":
		select {
		case w.volume <- max(0, min(100, x.Percent)):
		case <-ctx.Done():
		}
	case "listen":
		return w.listen(ctx, x.MS)
	case "view":
		v := w.Phone.View()
		return map[string]any{"screen": v.Screen, "calls": len(v.Calls), "path": v.Path.String(), "muted": v.Muted}, nil
	case "stats":
		return map[string]any{"media": w.Phone.MediaStats()}, nil
	default:
		return nil, fmt.Errorf("unknown order %q", x.Do)
	}
	return nil, nil
}

// listen reports the strongest tone and the level of the next ms.
func (w *world) listen(ctx context.Context, millis int) (map[string]any, error) {
	if millis <= 0 || millis > 10000 {
		millis = 1000
	}
	if err := sleep(ctx, time.Duration(millis)*time.Millisecond); err != nil {
		return nil, err
	}
	got := w.bench.last(millis * audio.Rate / 1000)
	hz, share := mediatest.Strongest(got, audio.Rate)
	return map[string]any{"hz": math.Round(hz*10) / 10, "share": math.Round(share*1000) / 1000, "db": math.Round(mediatest.RMS(got)*10) / 10}, nil
}
