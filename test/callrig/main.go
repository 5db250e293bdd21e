// Command callrig measures a SIP phone from outside, over UDP on loopback: it is
// the phone's registrar and its caller. The phone must register, answer by
// itself and loop what it plays into what it records at its audio device (echo
// cancelling off: to it the loop is the echo).
//
//	go build -o bin/ ./cmd/phonesim ./test/callrig
//	bin/callrig clean,codec=opus ju40,jit=u40 loss5,loss=5
//	bin/callrig -runs 5 -yardstick -starts 10 -idle 20 SCENARIO...
//	bin/callrig -ideal loss5,loss=5        what a perfect phone would score
//
// A scenario is name,key=value,…: codec=pcmu|pcma|g722|opus dur=S loss=% burst=N
// jit=uN|eN|sN|oN (uniform, exponential, stalls, one stall; ms) reorder ppm=N seed=N. The
// impairment is on the way to the phone only and comes from the seed: the same
// packets are lost and late for every phone. Results are JSON lines, one a call,
// then one for each phone and scenario with the medians.
//
// The process that sends runs under SCHED_RR where that is allowed, arrival
// times are the kernel's; rig_send_late_max_ms tells how late the rig was.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"phoned/media/audio/wav"
)

type options struct {
	phone, prefix, log, speech, keep string
	others                           []other
	report                           string
	yardstick                        string
	runs, starts                     int
	idle, late                       time.Duration
	ideal, simulate, floor           bool
	score                            scorer
}

// other is a phone that is not ours. Its loop may be one of whole frames, which
// saves the time that a sound card takes to fill one: lacks, in ms.
type other struct {
	name, command string
	lacks         float64
}

const defaultPhone = "bin/phonesim -config {config} -sound loop -auto-answer -listen 127.0.0.1:0"

func main() {
	var o options
	flag.StringVar(&o.phone, "phone", defaultPhone, "`command` that starts the phone; {config} and {port} are replaced")
	flag.StringVar(&o.prefix, "prefix", defaultPrefix(), "put before the phones' `commands`")
	flag.StringVar(&o.yardstick, "yardstick", "", "call the rig's own phone as well, in turn: reflect or device:PERIOD:BUFFER (ms)")
	flag.StringVar(&o.log, "log", os.DevNull, "`file` for what the phones print")
	flag.StringVar(&o.speech, "speech", "", "mono WAV `file` to say; default: the built-in sentence")
	flag.StringVar(&o.keep, "keep", "", "`folder` for what came back, as WAV")
	flag.Func("other", "call this phone as well, in turn: `NAME=COMMAND`, repeatable; {dir} and {port} are replaced; NAME+20: its loop lacks 20 ms of a sound card's", func(v string) error {
		name, command, ok := strings.Cut(v, "=")
		if !ok || name == "" || command == "" {
			return errors.New("not NAME=COMMAND")
		}
		name, lacks, whole := strings.Cut(name, "+")
		p := other{name: name, command: command}
		if whole {
			var err error
			if p.lacks, err = strconv.ParseFloat(lacks, 64); err != nil {
				return err
			}
		}
		o.others = append(o.others, p)
		return nil
	})
	flag.StringVar(&o.report, "report", "", "read results instead (files as arguments): charts into this `folder`, tables to the output")
	flag.IntVar(&o.runs, "runs", 1, "rounds through the scenarios")
	flag.IntVar(&o.starts, "starts", 0, "start the phone `N` times and time its registration")
	flag.DurationVar(&o.idle, "idle", 0, "measure the registered phone for this long before the calls")
	flag.DurationVar(&o.late, "late", 20*time.Millisecond, "repeat a call in which the rig sent a packet later than this")
	flag.BoolVar(&o.ideal, "ideal", false, "score an ideal phone instead")
	flag.BoolVar(&o.simulate, "simulate", false, "score the phone's receiver in virtual time instead")
	flag.BoolVar(&o.floor, "floor", false, "time the bare codec instead")
	flag.StringVar((*string)(&o.score), "pesq", "", "`program` of ITU-T P.862 to score with")
	endpoint := flag.Bool("endpoint", false, "be a media endpoint (used by the rig itself)")
	be := flag.String("be", "", "be the yardstick phone of this `kind` (used by the rig itself)")
	port := flag.Int("port", 0, "exchange to register at, with -be")
	flag.Parse()

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	var err error
	switch {
	case *endpoint:
		err = serveEndpoint(os.Stdin, os.Stdout)
	case *be != "":
		var y yardstick
		if y, err = parseYardstick(*be); err == nil {
			err = y.run(ctx, *port)
		}
	default:
		if o.report != "" {
			err = writeReport(o.report, flag.Args(), os.Stdout)
			break
		}
		err = o.measure(ctx, flag.Args(), os.Stdout)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "callrig:", err)
		os.Exit(1)
	}
}

// defaultPrefix puts a phone under real-time scheduling, below the rig's sender,
// as its audio thread is on a board.
func defaultPrefix() string {
	if _, err := exec.LookPath("chrt"); err == nil && exec.Command("chrt", "-r", "20", "true").Run() == nil {
		return "chrt -r 20"
	}
	return ""
}

func (o options) measure(ctx context.Context, args []string, out io.Writer) error {
	var scenarios []Scenario
	for _, a := range args {
		sc, err := ParseScenario(a)
		if err != nil {
			return err
		}
		scenarios = append(scenarios, sc)
	}
	speech, err := loadSpeech(o.speech)
	if err != nil {
		return err
	}
	enc := json.NewEncoder(out)
	if o.floor {
		return codecFloor(speech, enc)
	}
	if o.ideal {
		return o.scoreIdeals(ctx, scenarios, speech, enc)
	}
	if o.simulate {
		return o.scoreSimulated(ctx, scenarios, speech, enc)
	}
	log, err := os.Create(o.log)
	if err != nil {
		return err
	}
	defer log.Close()
	if err := o.timeStarts(ctx, log, enc); err != nil {
		return err
	}
	var phones []*subject
	defer func() {
		for _, s := range phones {
			_ = s.close()
		}
	}()
	for _, p := range o.commands() {
		s, err := start(ctx, p[0], p[1], log)
		if err != nil {
			return err
		}
		phones = append(phones, s)
		if err := enc.Encode(map[string]any{"phone": s.proc.name, "exec_registered_ms": s.registered}); err != nil {
			return err
		}
	}
	if err := o.watchIdle(ctx, phones, enc); err != nil {
		return err
	}
	return o.rounds(ctx, phones, scenarios, speech, enc)
}

// commands are the names and commands of the phones to be measured.
func (o options) commands() [][2]string {
	list := [][2]string{{"phone", o.prefix + " " + o.phone}}
	if self, err := os.Executable(); err == nil && o.yardstick != "" {
		list = append(list, [2]string{"yardstick", fmt.Sprintf("%s %s -be %s -port {port}", o.prefix, self, o.yardstick)})
	}
	for _, p := range o.others {
		list = append(list, [2]string{p.name, o.prefix + " " + p.command})
	}
	return list
}

func (o options) timeStarts(ctx context.Context, log *os.File, enc *json.Encoder) error {
	var times []float64
	for range o.starts {
		s, err := start(ctx, "phone", o.commands()[0][1], log)
		if err != nil {
			return err
		}
		times = append(times, s.registered)
		if err := s.close(); err != nil {
			return err
		}
	}
	if o.starts == 0 {
		return nil
	}
	return enc.Encode(map[string]any{
		"phone": "phone", "starts": o.starts, "exec_registered_p50_ms": median(times),
		"exec_registered_min_ms": quantile(times, 0), "exec_registered_max_ms": quantile(times, 1),
	})
}

func (o options) watchIdle(ctx context.Context, phones []*subject, enc *json.Encoder) error {
	if o.idle == 0 {
		return nil
	}
	before := map[*subject]float64{}
	for _, s := range phones {
		before[s] = s.proc.cpu()
	}
	if err := pause(ctx, o.idle); err != nil {
		return err
	}
	for _, s := range phones {
		err := enc.Encode(map[string]any{
			"phone": s.proc.name, "idle_rss_mib": s.proc.rss(),
			"idle_cpu_s_per_60s": (s.proc.cpu() - before[s]) * 60 / o.idle.Seconds(),
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// rounds calls the phones in turn, so that what else the machine does hits all
// alike.
func (o options) rounds(ctx context.Context, phones []*subject, scenarios []Scenario, speech []int16, enc *json.Encoder) error {
	var all []Result
	for run := range o.runs {
		for _, sc := range scenarios {
			for _, s := range phones {
				if s.proc.name == "yardstick" && sc.Codec != "pcmu" {
					continue
				}
				r, sound := o.call(ctx, s, sc, speech)
				r.Run = run + 1
				if ctx.Err() != nil {
					return ctx.Err()
				}
				all = append(all, r)
				if err := errors.Join(enc.Encode(r), o.keepSound(r, sound)); err != nil {
					return err
				}
			}
		}
	}
	for _, line := range summarise(all) {
		if err := enc.Encode(line); err != nil {
			return err
		}
	}
	return nil
}

// attempts is how often a call is made when the rig itself was late.
const attempts = 4

// call measures one call, again if the machine made the rig late: then nothing
// was measured, whichever phone it was.
func (o options) call(ctx context.Context, s *subject, sc Scenario, speech []int16) (r Result, sound []int16) {
	for again := range attempts {
		var err error
		r, sound, err = s.measure(ctx, sc, speech, o.score)
		if r.Repeated = again; err != nil {
			r.Err = err.Error()
			return r, nil
		}
		r.MouthToEar, r.AtTheEnd = r.DelayP50+o.lacks(r.Phone), r.DelayLast+o.lacks(r.Phone)
		if r.Late <= ms(o.late) || ctx.Err() != nil {
			return r, sound
		}
	}
	r.Err = fmt.Sprintf("not measured: the rig was %.0f ms late", r.Late)
	return r, nil
}

// lacks is what a phone's loop saves of a sound card's time, in ms.
func (o options) lacks(phone string) float64 {
	for _, p := range o.others {
		if p.name == phone {
			return p.lacks
		}
	}
	return 0
}

func (o options) keepSound(r Result, sound []int16) error {
	if o.keep == "" || len(sound) == 0 {
		return nil
	}
	v, err := newVoice(r.Codec)
	if err != nil {
		return err
	}
	name := strings.Join([]string{r.Phone, r.Name, r.Codec, fmt.Sprint(r.Run)}, "-") + ".wav"
	return wav.WriteFile(filepath.Join(o.keep, name), sound, v.Rate())
}
