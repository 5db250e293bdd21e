package stream

// concealer makes up for lost sound of codecs that can't: it goes on with the
// last pitch period and fades out within 70 ms (after the idea of ITU-T G.711
// appendix I), or some 150 ms where the network stands still and what follows will be
// the next sound: there a hole is worse than a long tone. Against the appendix it repeats one period only, finds it by the
// newest 5 ms, and joins what comes next within 3 ms: all three were better by
// P.862, on single losses and on bursts.
type concealer struct {
	rate   int
	hist   []int16 // the last histTime of sound, oldest first
	loop   []int16 // the wave being repeated
	at     int     // position in loop
	made   int     // samples made up so far
	active bool
	period int
	waits  bool    // for what may only be late
	gain   float32 // of the sample before
}

const (
	histMs   = 60
	fadeFrom = 5   // ms of full level
	fadeTo   = 70  // ms at which nothing is left
	waitFrom = 20  // ms after which sound that may only be late fades slower:
	waitFade = 170 // ms from full level to nothing
)

func (c *concealer) init() {
	c.hist = make([]int16, 0, 48*histMs)
	c.loop = make([]int16, 0, 48*histMs)
}

func (c *concealer) reset(rate int) {
	n := rate * histMs / 1000
	c.rate, c.active, c.made = rate, false, 0
	c.hist = c.hist[:n]
	clear(c.hist)
}

// feed remembers good sound.
func (c *concealer) feed(pcm []int16) {
	c.active, c.made = false, 0
	if len(pcm) >= len(c.hist) {
		copy(c.hist, pcm[len(pcm)-len(c.hist):])
		return
	}
	n := copy(c.hist, c.hist[len(pcm):])
	copy(c.hist[n:], pcm)
}

// conceal appends n made-up samples; waits says that what they stand for may still
// come.
func (c *concealer) conceal(dst []int16, n int, waits bool) []int16 {
	if !c.active {
		c.begin()
	}
	c.waits = waits
	for range n {
		dst = append(dst, c.next())
	}
	return dst
}

func (c *concealer) begin() {
	c.active, c.made, c.gain = true, 0, 1
	c.period = pitch(c.hist, c.rate)
	c.wave()
	c.at = 0
}

// wave makes the loop of the last period. Its end is blended into what came
// before its beginning, so that it repeats without a click.
func (c *concealer) wave() {
	n, blend := c.period, c.period/4
	if n+blend > len(c.hist) {
		return
	}
	end := len(c.hist)
	c.loop = append(c.loop[:0], c.hist[end-n:]...)
	for i := range blend {
		a := int(c.hist[end-blend+i]) * (blend - i)
		b := int(c.hist[end-n-blend+i]) * i
		c.loop[n-blend+i] = int16((a + b) / blend)
	}
}

func (c *concealer) next() int16 {
	if c.rate == 0 || len(c.loop) == 0 {
		return 0
	}
	if c.at >= len(c.loop) {
		c.at = 0
	}
	v := int(c.loop[c.at])
	c.at++
	fade := float32(0)
	switch {
	case c.waits && c.made > c.rate*waitFrom/1000:
		fade = 1000. / waitFade
	case c.made > c.rate*fadeFrom/1000:
		fade = 1000. / (fadeTo - fadeFrom)
	}
	c.gain = max(c.gain-fade/float32(c.rate), 0)
	v = int(float32(v) * c.gain)
	c.made++
	return int16(v)
}

// join blends the beginning of new sound with what would have been made up: 1 ms,
// and 1 more for each 10 ms that were lost, at most 3.
func (c *concealer) join(pcm []int16) {
	if !c.active {
		return
	}
	n := min(c.rate/1000*(1+c.made*100/c.rate), c.rate*3/1000, len(pcm))
	for i := range n {
		v := int(c.next())
		pcm[i] = int16((v*(n-i) + int(pcm[i])*i) / n)
	}
}

// pitch finds the period in samples, 2.5 to 15 ms, at which the last 5 ms look
// most like what came before.
func pitch(h []int16, rate int) int {
	step := max(rate/8000, 1) // 8 kHz is fine enough for the first search
	win, lo, hi := rate/200, rate/400, rate*15/1000
	best, at := -1.0, hi
	try := func(lag, by int) {
		if corr := similar(h[len(h)-win:], h[len(h)-win-lag:len(h)-lag], by); corr > best {
			best, at = corr, lag
		}
	}
	for lag := lo; lag <= hi; lag += step {
		try(lag, step)
	}
	for lag := max(at-step, lo); step > 1 && lag <= min(at+step, hi); lag++ {
		try(lag, step)
	}
	return at
}
