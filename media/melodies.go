package media

import (
	"sync"

	"phoned/media/audio"
)

// melodyCache keeps rendered ringer melodies, half a megabyte each. Rendering
// takes tens of milliseconds and is the control goroutine's work.
type melodyCache struct {
	mu      sync.Mutex
	sounds  map[string][]int16
	wanted  []string // to be rendered
	keep    string   // what PrepareRing named
	pending bool     // somebody waits for wanted
}

// maxMelodies bounds the cache.
const maxMelodies = 3

// get gives a melody's sound; nil if it has yet to be rendered, which is then
// asked for.
func (c *melodyCache) get(name string) []int16 {
	c.mu.Lock()
	defer c.mu.Unlock()
	if s := c.sounds[name]; s != nil {
		return s
	}
	c.wanted, c.pending = append(c.wanted, name), true
	return nil
}

// prepare asks for a melody in advance.
func (c *melodyCache) prepare(name string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.keep = name
	if c.sounds[name] == nil {
		c.wanted = append(c.wanted, name)
	}
}

// take gives the next melody to render.
func (c *melodyCache) take() (name string, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for len(c.wanted) > 0 {
		name, c.wanted = c.wanted[0], c.wanted[1:]
		if c.sounds[name] == nil {
			return name, true
		}
	}
	return "", false
}

// put stores a sound, in the place of another if there are too many.
func (c *melodyCache) put(name string, sound []int16) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.sounds == nil {
		c.sounds = map[string][]int16{}
	}
	for old := range c.sounds {
		if len(c.sounds) >= maxMelodies && old != c.keep {
			delete(c.sounds, old)
		}
	}
	c.sounds[name] = sound
}

// fill renders what was asked for, and rebuilds e's graph if it waits.
func (c *melodyCache) fill(e *Engine) {
	for name, ok := c.take(); ok; name, ok = c.take() {
		c.put(name, audio.RenderMelody(name))
	}
	c.mu.Lock()
	pending := c.pending
	c.pending = false
	c.mu.Unlock()
	if pending {
		e.mu.Lock()
		defer e.mu.Unlock()
		e.rebuildLocked()
	}
}
