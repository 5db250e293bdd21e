package media

import (
	"math"
	"time"
)

// Levels of what the engine makes itself.
const (
	digitEcho  = 120 * time.Millisecond
	digitLevel = -24.0 // dBFS
	// underSpeech: tones in a call are mixed 10 dB lower.
	underSpeech = 0.316
	// softRing: the ringer beside a call is 18 dB lower.
	softRing = 0.126
)

// speechPath is the path whose volume and limits hold: a group is held to the
// ear like a handset.
func speechPath(p Path) Path {
	if p == PathGroup {
		return PathHandset
	}
	return p
}

// soundingPaths are the paths with a volume of their own.
var soundingPaths = [pathCount]Path{PathHandset, PathHeadset, PathSpeaker}

const (
	pathCount = 3
	loudIndex = 2 // of PathSpeaker
)

// pathIndex is a path's place in soundingPaths.
func pathIndex(p Path) int {
	for i, q := range soundingPaths {
		if q == speechPath(p) {
			return i
		}
	}
	return 0
}

// volume is a path's volume in percent.
func volume(v map[Path]int, p Path) int {
	if n, ok := v[p]; ok {
		return min(100, max(0, n))
	}
	return 100
}

// speechGain: 100 % is 0 dB, 0 % is -30 dB: a path is never silent by accident.
func speechGain(percent int) float32 { return fromDB(0.3 * float64(percent-100)) }

// ringGain: 100 % is 0 dB, 1 % is -45 dB, 0 % is off.
func ringGain(percent int, soft bool) float32 {
	if percent == 0 {
		return 0
	}
	g := fromDB(0.45 * float64(percent-100))
	if soft {
		g *= softRing
	}
	return g
}

func fromDB(d float64) float32 { return float32(math.Pow(10, d/20)) }
