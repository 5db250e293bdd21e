package audio

// LoopPlayer plays a rendered sound (a ringer melody) over and over, and fades
// when told to stop. The zero LoopPlayer is silent. Not safe for concurrent
// use.
type LoopPlayer struct {
	sound []int16
	at    int
	gain  Gain
}

// Play starts sound from its beginning; nil or empty stops. The sound must not
// change while it plays.
func (p *LoopPlayer) Play(sound []int16) {
	if len(sound) == 0 {
		p.gain.Set(0)
		return
	}
	p.sound, p.at, p.gain = sound, 0, NewGain(1)
}

// ReadFrame implements Source.
func (p *LoopPlayer) ReadFrame(dst []int16) bool {
	if len(p.sound) == 0 || p.gain.Silent() {
		clear(dst)
		p.sound = nil
		return false
	}
	for n := 0; n < len(dst); {
		k := copy(dst[n:], p.sound[p.at:])
		n += k
		if p.at += k; p.at == len(p.sound) {
			p.at = 0
		}
	}
	p.gain.Apply(dst)
	return true
}
