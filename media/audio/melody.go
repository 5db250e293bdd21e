package audio

import (
	"math"
	"math/rand/v2"
	"strconv"
	"strings"
)

// A melody is a score and an instrument; RenderMelody makes sound of it. The
// range is the one small loudspeakers are good at, 500 Hz to 5 kHz.
type melody struct {
	name   string
	title  string
	bpm    float64
	score  string // "note:beats" in time, + for chords, - for rests, | is only for the eye
	length float64
	play   instrument
	room   float64 // how much of the room is heard, 0 to 1
	level  float64 // of the loudest 0.4 s, dBFS (RMS)
}

// instrument adds one struck note to out, starting at out[0].
type instrument func(out []float64, freq, velocity float64)

// melodies in the order of the menu; the first is the phone's own.
var melodies = []melody{
	{"aurora", "Aurora", 132, "E5:1 B5:1 G#5:1 E6:2 | D#6:1 B5:1 F#5:1 B5:2 | C#5+E5+G#5:3 -:3", 0, glass, 0.35, -13},
	{"chime", "Chime", 96, "G5:1 E5:1 F5:1 C5:2 | C5:1 F5:1 G5:1 E5+C5:2 -:3", 0, bell, 0.3, -14},
	{"marimba", "Marimba", 168, "C5:1 E5:1 G5:1 C6:1 B5:1 G5:1 E5:2 | D5:1 F5:1 A5:1 D6:1 C6:1 A5:1 F5+D5:2 -:5", 0, marimba, 0.2, -13},
	{"lumen", "Lumen", 108, "A4+C#5+E5:1 -:0.5 E5+A5+C#6:1 -:0.5 | B4+D5+F#5:1 -:0.5 F#5+B5+D6:2 -:4", 0, glass, 0.45, -14},
	{"kalimba", "Kalimba", 144, "D5:0.5 A5:0.5 F#5:1 D6:1 A5:1 | E5:0.5 B5:0.5 G5:1 E6:1 B5:2 -:4", 0, kalimba, 0.25, -13},
	{"carillon", "Carillon", 84, "C6:0.5 G5:0.5 E5:0.5 C5:1 | D6:0.5 A5:0.5 F5:0.5 D5:1 C5+G5+E6:2 -:3", 0, bell, 0.4, -14},
	{"classic", "Classic bell", 60, "ring:2 -:4", 0, nil, 0.1, -12},
	{"pulse", "Pulse", 60, "warble:1.2 -:0.3 warble:1.2 -:2.8", 0, nil, 0.1, -13},
	// Distinctive ringing, told apart by rhythm (Alert-Info bellcore-dr1 to dr5).
	{"dr1", "Distinctive 1", 60, "ring:2 -:4", 0, nil, 0.1, -12},
	{"dr2", "Distinctive 2", 60, "ring:0.8 -:0.4 ring:0.8 -:4", 0, nil, 0.1, -12},
	{"dr3", "Distinctive 3", 60, "ring:0.4 -:0.2 ring:0.4 -:0.2 ring:0.8 -:4", 0, nil, 0.1, -12},
	{"dr4", "Distinctive 4", 60, "ring:0.3 -:0.2 ring:1 -:0.2 ring:0.3 -:4", 0, nil, 0.1, -12},
	{"dr5", "Distinctive 5", 60, "ring:0.5 -:5.5", 0, nil, 0.1, -12},
	// Who is calling, told apart by melody.
	{"internal", "Internal", 120, "G5:1 C6:2 -:1 G5:1 C6:2 -:4", 0, marimba, 0.25, -13},
	{"external", "External", 120, "C6:1 A5:1 F5:1 A5:1 C6:3 -:5", 0, glass, 0.35, -13},
	{"vip", "Very important", 126, "C5+E5:0.5 G5:0.5 C6:1 E6:2 | D6:0.5 B5:0.5 G5+D6:3 -:4", 0, bell, 0.4, -13},
	{"recall", "Recall", 120, "E6:0.5 -:0.5 E6:0.5 -:4.5", 0, marimba, 0.2, -15},
}

// Melody describes a ringer melody.
type Melody struct{ Name, Title string }

// Melodies lists the ringer melodies; the first one is the default.
func Melodies() []Melody {
	out := make([]Melody, len(melodies))
	for i, m := range melodies {
		out[i] = Melody{m.name, m.title}
	}
	return out
}

// RenderMelody makes one round of a melody, to be played in a loop. What
// MelodyName does not know gives the default. It takes some tens of milliseconds
// and allocates: never on the audio thread.
func RenderMelody(name string) []int16 {
	name = MelodyName(name)
	m := melodies[0]
	for _, o := range melodies {
		if o.name == name {
			m = o
		}
	}
	return m.render()
}

type note struct {
	at, beats float64
	word      string
}

// notes reads the score. Words that make no sense are silent; the test reads
// every score.
func (m *melody) notes() (list []note, beats float64) {
	for _, f := range strings.Fields(m.score) {
		word, length, ok := strings.Cut(f, ":")
		if !ok {
			continue
		}
		n, err := strconv.ParseFloat(length, 64)
		if err != nil {
			continue
		}
		for _, w := range strings.Split(word, "+") {
			if w != "-" {
				list = append(list, note{beats, n, w})
			}
		}
		beats += n
	}
	return list, beats
}

func (m *melody) render() []int16 {
	list, beats := m.notes()
	second := m.bpm / 60
	out := make([]float64, int(beats/second*Rate))
	for i, n := range list {
		start := int(n.at / second * Rate)
		length := min(int(n.beats/second*Rate), len(out)-start)
		switch f, ok := pitch(n.word); {
		case n.word == "ring":
			gongs(out[start:], length)
		case n.word == "warble":
			warble(out[start : start+length])
		case ok:
			m.play(out[start:], f, 0.85+0.15*float64(i%2))
		}
	}
	reverb(out, m.room)
	return master(out, m.level)
}

// pitch is the frequency of a note by its name: "A4" is 440 Hz, "C#5", "Bb5".
func pitch(word string) (float64, bool) {
	if len(word) < 2 {
		return 0, false
	}
	base := strings.IndexByte("C D EF G A B", word[0])
	if base < 0 || word[0] == ' ' {
		return 0, false
	}
	word = word[1:]
	if rest, ok := strings.CutPrefix(word, "#"); ok {
		base, word = base+1, rest
	} else if rest, ok := strings.CutPrefix(word, "b"); ok {
		base, word = base-1, rest
	}
	octave, err := strconv.Atoi(word)
	if err != nil || octave < 3 || octave > 7 {
		return 0, false
	}
	return 440 * math.Pow(2, float64(base-9+12*(octave-4))/12), true
}

// partial is one mode of a struck body.
type partial struct{ ratio, level, decay float64 } // decay: seconds to -60 dB

// strike rings the partials of a body.
func strike(out []float64, freq, velocity, attack float64, body []partial) {
	for k, p := range body {
		f := freq * p.ratio
		if f > 11000 {
			continue
		}
		w := 2 * math.Pi * f / Rate
		fall := math.Pow(0.001, 1/(p.decay*Rate))
		amp := velocity * p.level
		n := min(len(out), int(p.decay*1.3*Rate))
		rise := attack * Rate
		// A resonator: two multiplications a sample instead of a sine.
		c, s1, s2 := 2*math.Cos(w), math.Sin(w*float64(k)), math.Sin(w*float64(k-1))
		for i := range n {
			v := amp * s1
			if x := float64(i); x < rise {
				v *= 0.5 - 0.5*math.Cos(math.Pi*x/rise)
			}
			out[i] += v
			s1, s2 = c*s1-s2, s1
			amp *= fall
		}
	}
}

func bell(out []float64, f, v float64) {
	strike(out, f, v, 0.002, []partial{
		{0.5, 0.25, 2.2}, {1, 1, 1.8}, {1.003, 0.5, 1.7}, {1.19, 0.35, 1.2}, {1.5, 0.25, 1.0},
		{2, 0.6, 1.1}, {2.005, 0.3, 1.0}, {2.51, 0.2, 0.6}, {2.66, 0.18, 0.5}, {3.01, 0.22, 0.45}, {4.17, 0.12, 0.3},
	})
}

func glass(out []float64, f, v float64) {
	strike(out, f, v, 0.006, []partial{
		{1, 1, 1.6}, {1.002, 0.5, 1.6}, {2, 0.28, 0.9}, {2.004, 0.14, 0.9}, {3, 0.1, 0.5}, {4.02, 0.07, 0.35}, {6.05, 0.03, 0.15},
	})
}

func marimba(out []float64, f, v float64) {
	strike(out, f, v, 0.002, []partial{{1, 1, 0.75}, {2, 0.08, 0.4}, {3.93, 0.35, 0.18}, {9.2, 0.12, 0.06}})
}

func kalimba(out []float64, f, v float64) {
	strike(out, f, v, 0.001, []partial{{1, 1, 1.1}, {1.004, 0.3, 1.1}, {2.01, 0.15, 0.5}, {5.43, 0.3, 0.12}, {6.72, 0.15, 0.08}})
}

// gongs is an electromechanical ringer: a clapper swinging at 20 Hz between
// two gongs a minor third apart.
func gongs(out []float64, length int) {
	rnd := rand.New(rand.NewPCG(20, 40)) // the same ring every time
	const swing = Rate / 40
	for at, side := 0, 0; at < length; at, side = at+swing+rnd.IntN(30), 1-side {
		f := 1050.0
		if side == 1 {
			f = 1250
		}
		strike(out[at:], f, 0.8+0.2*rnd.Float64(), 0.0005, []partial{
			{1, 0.7, 0.5}, {1.005, 0.4, 0.5}, {1.98, 0.8, 0.35}, {2.74, 0.5, 0.25}, {3.61, 0.35, 0.18}, {4.9, 0.2, 0.1},
		})
	}
}

// warble is the electronic ringer of the eighties, with rounder corners.
func warble(out []float64) {
	phase := 0.0
	for i := range out {
		t := float64(i) / Rate
		f := 1000.0
		if math.Mod(t, 0.1) >= 0.05 {
			f = 1250
		}
		phase += 2 * math.Pi * f / Rate
		env := min(1, t/0.01, float64(len(out)-1-i)/Rate/0.02)
		out[i] += env * (math.Sin(phase) + 0.3*math.Sin(2*phase) + 0.12*math.Sin(3*phase))
	}
}

// reverb puts the sound in a small room: four combs and two all-passes
// (Schroeder). It runs twice round the loop, so that the end runs over into
// the beginning.
func reverb(x []float64, amount float64) {
	if amount <= 0 || len(x) == 0 {
		return
	}
	wet := make([]float64, len(x))
	for _, d := range []int{1557, 1617, 1781, 1933} {
		line := make([]float64, d)
		k := 0
		for pass := range 2 {
			for i, v := range x {
				y := line[k]
				line[k] = v + 0.72*y
				if pass == 1 {
					wet[i] += y / 4
				}
				if k++; k == d {
					k = 0
				}
			}
		}
	}
	for _, d := range []int{241, 601} {
		line := make([]float64, d)
		for i, v := range wet {
			k := i % d
			y := line[k]
			in := v + 0.5*y
			line[k] = in
			wet[i] = y - 0.5*in
		}
	}
	for i := range x {
		x[i] += amount * wet[i]
	}
}
