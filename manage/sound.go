package manage

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"slices"
	"time"
)

// Sound is the phone's devices, paths and points of the sound. Errors wrap
// ErrNotFound (no such path, device or point), ErrInvalid or ErrNotNow.
type Sound interface {
	Devices() ([]Device, error)
	Paths() []PathResource
	// Choose makes a device that of a path's microphone or speaker, also in the
	// middle of a call; "" goes back to the board's.
	Choose(ctx context.Context, path, role, device string) error
	SetVolume(path string, percent int) error
	// Figures are the counters between microphone, network and loudspeaker.
	Figures() map[string]any
	// Tap writes what passes a point for d as a WAV file, 48 kHz mono, from now on.
	// The phone shows that it runs.
	Tap(ctx context.Context, point string, d time.Duration, w io.Writer) error
	// Tone plays a tone on a path and listens with its microphone.
	Tone(ctx context.Context, t ToneTest) (ToneResult, error)
	// Echo calls a number that gives back what is said, and compares both ways. The call
	// is over when it returns. ErrNotNow: the phone is in use.
	Echo(ctx context.Context, t EchoTest) (EchoResult, error)
}

// Device is a sound device.
type Device struct {
	ID    string `json:"deviceId"`
	Label string `json:"label"`
	Kind  string `json:"kind" enum:"audioinput,audiooutput"`
}

// PathResource is a way of the sound: handset, headset, speaker, or the ringer.
type PathResource struct {
	Path       string `json:"path" enum:"handset,headset,speaker,ringer"`
	Microphone string `json:"microphone,omitempty" doc:"The device's id; empty: the system's default."`
	Speaker    string `json:"speaker" doc:"The device's id; empty: the system's default."`
	Volume     int    `json:"volume" min:"0" max:"100"`
	InUse      bool   `json:"inUse"`
}

type deviceList struct {
	Devices []Device `json:"devices"`
}

type pathList struct {
	Paths []PathResource `json:"paths"`
}

// pathChange is what a path gets; what is absent stays.
type pathChange struct {
	Microphone *string `json:"microphone,omitempty" doc:"A device's id; empty: the board's again."`
	Speaker    *string `json:"speaker,omitempty" doc:"A device's id; empty: the board's again."`
	Volume     *int    `json:"volume,omitempty" min:"0" max:"100"`
}

func (s *Server) getDevices(*http.Request, nothing) (deviceList, error) {
	list, err := s.cfg.Sound.Devices()
	return deviceList{append([]Device{}, list...)}, err
}

func (s *Server) getPaths(*http.Request, nothing) (pathList, error) {
	return pathList{s.cfg.Sound.Paths()}, nil
}

func (s *Server) changePath(r *http.Request, in pathChange) (nothing, error) {
	path := r.PathValue("path")
	if !slices.ContainsFunc(s.cfg.Sound.Paths(), func(p PathResource) bool { return p.Path == path }) {
		return nothing{}, ErrNotFound
	}
	for role, id := range map[string]*string{"microphone": in.Microphone, "speaker": in.Speaker} {
		if id == nil {
			continue
		}
		if err := s.cfg.Sound.Choose(r.Context(), path, role, *id); err != nil {
			return nothing{}, err
		}
	}
	if in.Volume != nil {
		return nothing{}, s.cfg.Sound.SetVolume(path, *in.Volume)
	}
	return nothing{}, nil
}

type qualityList struct {
	Calls []callQuality  `json:"calls"`
	Sound map[string]any `json:"sound" doc:"Counters between microphone, network and loudspeaker."`
}

type callQuality struct {
	CallID  int     `json:"callId"`
	Quality quality `json:"quality"`
}

func (s *Server) getQuality(*http.Request, nothing) (qualityList, error) {
	out := qualityList{Calls: []callQuality{}, Sound: s.cfg.Sound.Figures()}
	for _, c := range s.callList(s.cfg.Phone.View()) {
		out.Calls = append(out.Calls, callQuality{c.CallID, c.Quality})
	}
	return out, nil
}

type tapQuery struct {
	Seconds int `json:"seconds,omitempty" min:"1" max:"60" doc:"Without one: 10."`
}

// getTap records a point of the sound while it is read. The phone shows it.
func (s *Server) getTap(w http.ResponseWriter, r *http.Request) {
	var q tapQuery
	if !s.question(w, r, &q) {
		return
	}
	if q.Seconds == 0 {
		q.Seconds = 10
	}
	out := &lateHeader{w: w, kind: "audio/wav", name: "sound.wav"}
	err := s.cfg.Sound.Tap(r.Context(), r.PathValue("point"), time.Duration(q.Seconds)*time.Second, out)
	out.end(err)
}

// lateHeader begins an answer with its first byte, so that what fails before it can
// still be told as a problem.
type lateHeader struct {
	w          http.ResponseWriter
	kind, name string
	begun      bool
}

func (l *lateHeader) Write(b []byte) (int, error) {
	if !l.begun {
		l.begun = true
		h := l.w.Header()
		h.Set("Content-Type", l.kind)
		h.Set("Cache-Control", "no-store")
		h.Set("Content-Disposition", `attachment; filename="`+l.name+`"`)
	}
	rc := http.NewResponseController(l.w)
	_ = rc.SetWriteDeadline(time.Now().Add(writeLimit))
	n, err := l.w.Write(b)
	if err == nil {
		_ = rc.Flush()
	}
	return n, err
}

func (l *lateHeader) end(err error) {
	switch {
	case !l.begun && err != nil:
		refuse(l.w, err)
	case err != nil:
		panic(http.ErrAbortHandler) // the file is not whole: the connection must say so
	}
}

// ToneTest is a tone on a path, in the room.
type ToneTest struct {
	Path    string  `json:"path" enum:"handset,headset,speaker"`
	Hz      float64 `json:"hz,omitempty" min:"50" max:"16000" doc:"Without one: 1000."`
	Seconds float64 `json:"seconds,omitempty" min:"0.2" max:"10" doc:"Without one: 1."`
}

// ToneResult is what the path's microphone heard of it, in dBFS.
type ToneResult struct {
	Path       string  `json:"path"`
	Hz         float64 `json:"hz"`
	Heard      bool    `json:"heard" doc:"The tone is what the microphone heard most."`
	Microphone float64 `json:"microphone" doc:"Level of all that was heard, dBFS."`
	Tone       float64 `json:"tone" doc:"Level of the tone in it, dBFS."`
	Peaks      []int   `json:"peaks" doc:"The loudest sample of each of 100 parts of what was heard, 0 to 100."`
}

// EchoTest is a call to a number that gives back what is said.
type EchoTest struct {
	Number  string  `json:"number"`
	Seconds float64 `json:"seconds,omitempty" min:"0.5" max:"20" doc:"How long to listen. Without one: 5."`
}

// EchoResult is how alike both ways of that call were. Speak while it runs: silence is
// like everything and proves nothing.
type EchoResult struct {
	Number        string  `json:"number"`
	Answered      bool    `json:"answered"`
	Cause         string  `json:"cause,omitempty" doc:"Why there was no call."`
	Heard         bool    `json:"heard" doc:"What was said came back."`
	Likeness      float64 `json:"likeness" doc:"Of the courses of both levels, 0 to 1."`
	Delay         int     `json:"delay" doc:"Milliseconds until it came back."`
	Sent          float64 `json:"sent" doc:"Level of what was sent, dBFS."`
	Received      float64 `json:"received" doc:"Level of what was received, dBFS."`
	SentPeaks     []int   `json:"sentPeaks" doc:"The loudest sample of each of 100 parts, 0 to 100."`
	ReceivedPeaks []int   `json:"receivedPeaks" doc:"Likewise of what was received."`
}

func (s *Server) testEcho(r *http.Request, in EchoTest) (EchoResult, error) {
	if in.Number == "" || len(in.Number) > 64 {
		return EchoResult{}, fmt.Errorf("%w: number is what to call", ErrInvalid)
	}
	if in.Seconds == 0 {
		in.Seconds = 5
	}
	return s.cfg.Sound.Echo(r.Context(), in)
}

func (s *Server) testTone(r *http.Request, in ToneTest) (ToneResult, error) {
	if in.Hz == 0 {
		in.Hz = 1000
	}
	if in.Seconds == 0 {
		in.Seconds = 1
	}
	return s.cfg.Sound.Tone(r.Context(), in)
}
