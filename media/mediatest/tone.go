package mediatest

import "math"

// Goertzel is the amplitude of freq (Hz) in s, as a sample value: a sine of
// amplitude 1000 gives 1000 if s holds whole periods of it.
func Goertzel(s []int16, freq float64, rate int) float64 {
	if len(s) == 0 {
		return 0
	}
	c := 2 * math.Cos(2*math.Pi*freq/float64(rate))
	var s1, s2 float64
	for _, v := range s {
		s1, s2 = float64(v)+c*s1-s2, s1
	}
	power := s1*s1 + s2*s2 - c*s1*s2
	return 2 * math.Sqrt(max(0, power)) / float64(len(s))
}

// Strongest is the frequency (Hz) with most power between 50 Hz and half the
// rate, and its share of all power, 0 to 1. Silence gives 0, 0. The frequency
// is interpolated, good to about a tenth of rate/len(s).
func Strongest(s []int16, rate int) (freq, share float64) {
	n := powerOfTwo(len(s))
	if len(s) < 64 {
		return 0, 0
	}
	a := make([]complex128, n)
	for i, v := range s {
		w := 0.5 - 0.5*math.Cos(2*math.Pi*(float64(i)+0.5)/float64(len(s)))
		a[i] = complex(float64(v)*w, 0)
	}
	fft(a, false)
	power := make([]float64, n/2)
	total, best := 0.0, 0
	for i := range power {
		if float64(i)*float64(rate)/float64(n) < 50 {
			continue
		}
		power[i] = real(a[i])*real(a[i]) + imag(a[i])*imag(a[i])
		total += power[i]
		if power[i] > power[best] {
			best = i
		}
	}
	if total < float64(n) {
		return 0, 0
	}
	// A Hann window spreads a tone over two bins each side, more if s was
	// padded to the next power of two.
	reach := 2*n/len(s) + 1
	sum, moment := 0.0, 0.0
	for i := max(1, best-reach); i <= min(len(power)-1, best+reach); i++ {
		sum += power[i]
		moment += power[i] * float64(i)
	}
	return moment / sum * float64(rate) / float64(n), sum / total
}

// RMS is the level of s in dBFS (a full-scale square wave is 0), -120 for
// silence.
func RMS(s []int16) float64 {
	if len(s) == 0 {
		return -120
	}
	sum := 0.0
	for _, v := range s {
		sum += float64(v) * float64(v)
	}
	return max(-120, 10*math.Log10(sum/float64(len(s))/(32768*32768)+1e-12))
}

// Sine makes d seconds of a tone of the given amplitude.
func Sine(freq, amplitude, seconds float64, rate int) []int16 {
	s := make([]int16, int(seconds*float64(rate)))
	for i := range s {
		s[i] = int16(math.Round(amplitude * math.Sin(2*math.Pi*freq*float64(i)/float64(rate))))
	}
	return s
}
