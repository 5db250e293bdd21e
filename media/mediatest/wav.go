package mediatest

import (
	"os"
	"path/filepath"

	"phoned/media/audio"
	"phoned/media/audio/wav"
)

// Keep writes what a test heard, at audio.Rate, to name.wav in the directory
// that the environment variable PHONED_TEST_WAV names, so that a person can
// listen to it. It gives the file's name, "" if the variable is not set.
func Keep(name string, samples []int16) (string, error) {
	dir := os.Getenv("PHONED_TEST_WAV")
	if dir == "" {
		return "", nil
	}
	file := filepath.Join(dir, name+".wav")
	return file, wav.WriteFile(file, samples, audio.Rate)
}
