package agree

import (
	"testing"

	"phoned/media"
	"phoned/media/sdp"
	"phoned/media/stream"
)

func TestGates(t *testing.T) {
	for _, c := range []struct {
		ours, theirs media.Direction
		send         stream.Gate
		recv         bool
	}{
		{media.SendRecv, media.SendRecv, stream.GateOpen, true},
		{media.SendOnly, media.SendRecv, stream.GateSilence, false},
		{media.SendRecv, media.RecvOnly, stream.GateShut, true},
		{media.Inactive, media.SendRecv, stream.GateShut, false},
		{media.RecvOnly, media.SendRecv, stream.GateShut, true},
		{media.SendRecv, media.Inactive, stream.GateShut, true},
		{media.SendRecv, media.SendOnly, stream.GateOpen, true},
	} {
		if s, r := Gates(c.ours, c.theirs); s != c.send || r != c.recv {
			t.Errorf("ours %v, theirs %v: %v %v", c.ours, c.theirs, s, r)
		}
	}
}

func TestTermsAcceptBothNumberings(t *testing.T) {
	common := []sdp.Codec{{Name: sdp.Opus, Type: 107, Clock: 48000}, {Name: sdp.Events, Type: 101, Clock: 8000}}
	f := Terms(sdp.Offer(nil), common, &sdp.Remote{})
	if f.Send.Type != 107 || f.SendEvents.Type != 101 {
		t.Errorf("sends %+v, %+v", f.Send, f.SendEvents)
	}
	types := map[uint8]string{}
	for _, r := range f.Recv {
		types[r.Type] = r.Name
	}
	if types[107] != sdp.Opus || types[111] != sdp.Opus || types[101] != sdp.Events || types[126] != sdp.Events {
		t.Errorf("hears %v", types)
	}
}

func TestEventsNeverBlock(t *testing.T) {
	q := NewEvents()
	for range 200 {
		q.Put(media.Stalled, "x")
	}
	q.Put(media.Failed, "last")
	q.Close()
	q.Close()
	q.Put(media.Flowing, "after")
	var last media.Event
	for e := range q.C() {
		last = e
	}
	if last.Kind != media.Failed {
		t.Errorf("last is %+v", last)
	}
}
