// Package process cleans what the microphone hears: echo cancelling, noise
// suppression and gain control behind one interface. Implementations are in
// sub-packages, each behind its own library. The package starts no goroutine.
package process

// Processor works on the microphone's frames of one path.
type Processor interface {
	// Process changes mic in place; far is what is played at that moment and
	// must not be changed. Both have audio.FrameLen samples. It is called on
	// the audio thread every 10 ms and must not block, allocate or log.
	Process(mic, far []int16)
	// SetDelay says, in samples of the graph's rate, how long after Process
	// far is heard by the microphone again, as far as the devices know. It is
	// not called at the same time as Process.
	SetDelay(samples int)
	// Close frees it; Process does not come after it.
	Close() error
}

// None passes the microphone as it is: for a handset, and for measuring.
type None struct{}

// Process implements Processor.
func (None) Process(_, _ []int16) {}

// SetDelay implements Processor.
func (None) SetDelay(int) {}

// Close implements Processor.
func (None) Close() error { return nil }

// Chain is processors in a row. A nil Chain does nothing.
type Chain []Processor

// Process implements Processor.
func (c Chain) Process(mic, far []int16) {
	for _, p := range c {
		p.Process(mic, far)
	}
}

// SetDelay implements Processor.
func (c Chain) SetDelay(samples int) {
	for _, p := range c {
		p.SetDelay(samples)
	}
}

// Close closes all of them and returns the first error.
func (c Chain) Close() error {
	var first error
	for _, p := range c {
		if err := p.Close(); err != nil && first == nil {
			first = err
		}
	}
	return first
}
