package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"

	"phoned/media/audio/wav"
)

// scorer is the name of a program with the command line of ITU-T P.862's
// reference implementation. It is built beside the project (see README.md); the
// empty scorer scores nothing.
type scorer string

// errNoScore: the scorer's output holds no score.
var errNoScore = errors.New("the scorer gave no MOS-LQO")

// P.862 wants pieces of 8 to 12 s.
const (
	scoredPiece = 8 // s
	scoredFrom  = 2 // s; the beginning is not judged
)

// score is the mean MOS-LQO of a call's pieces: P.862.1 (narrow band) for codecs
// of 8 kHz, P.862.2 (wide band) for the others. late is the loop delay in ms.
func (s scorer) score(ctx context.Context, rate int, ref, heard []int16, late float64) (float64, error) {
	if s == "" {
		return 0, nil
	}
	if wide := 2 * lookRate; rate > wide {
		ref, heard, rate = rounded(narrow(ref, rate/wide)), rounded(narrow(heard, rate/wide)), wide
	}
	dir, err := os.MkdirTemp("", "callrig-score-")
	if err != nil {
		return 0, err
	}
	defer os.RemoveAll(dir)
	sum, n, off := 0.0, 0.0, int(late*float64(rate)/1000)
	for at := scoredFrom * rate; at+scoredPiece*rate <= min(len(ref), len(heard)-off); at += scoredPiece * rate {
		v, err := s.piece(ctx, dir, rate, ref[at:at+scoredPiece*rate], heard[at+off:at+off+scoredPiece*rate])
		if err != nil {
			return 0, err
		}
		sum += v
		n++
	}
	if n == 0 {
		return 0, nil
	}
	return sum / n, nil
}

func (s scorer) piece(ctx context.Context, dir string, rate int, ref, heard []int16) (float64, error) {
	err := errors.Join(wav.WriteFile(filepath.Join(dir, "ref.wav"), ref, rate), wav.WriteFile(filepath.Join(dir, "heard.wav"), heard, rate))
	if err != nil {
		return 0, err
	}
	args := []string{"+" + strconv.Itoa(rate), "ref.wav", "heard.wav"}
	if rate > lookRate {
		args = append([]string{"+wb"}, args...)
	}
	cmd := exec.CommandContext(ctx, string(s), args...)
	cmd.Dir = dir // it writes its results where it runs
	out, err := cmd.CombinedOutput()
	if err != nil {
		return 0, fmt.Errorf("%s: %w", s, err)
	}
	return readScore(string(out))
}

// readScore finds the last figure of the line with the prediction.
func readScore(out string) (float64, error) {
	for line := range strings.Lines(out) {
		if f := strings.Fields(line); strings.Contains(line, "Prediction") && len(f) > 0 {
			if v, err := strconv.ParseFloat(f[len(f)-1], 64); err == nil && v >= 1 && v <= 5 {
				return v, nil
			}
		}
	}
	return 0, errNoScore
}

func rounded(x []float64) []int16 {
	out := make([]int16, len(x))
	for i, v := range x {
		out[i] = int16(math.Round(min(max(v, math.MinInt16), math.MaxInt16)))
	}
	return out
}
