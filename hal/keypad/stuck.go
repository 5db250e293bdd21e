package keypad

import "time"

// holds knows since when each key is down, and which are stuck.
type holds struct {
	born []uint32 // down in every scan since New's, by row
	keys map[[2]int]hold
}

type hold struct {
	since time.Time
	stuck bool
}

// seen takes a scan.
func (h *holds) seen(raw []uint32) {
	for r := range raw {
		h.born[r] &= raw[r]
	}
}

// allStuck says whether keys are down and none of them by a finger.
func (h *holds) allStuck() bool {
	for _, k := range h.keys {
		if !k.stuck {
			return false
		}
	}
	return len(h.keys) > 0
}

// moved tells of a key that has come to rest in a new position.
func (k *Keypad) moved(h *holds, r, c int, down bool, at time.Time) {
	place, key := [2]int{r, c}, k.Layout[r][c]
	switch was := h.keys[place]; {
	case down:
		stuck := h.born[r]>>c&1 == 1 // nobody pressed it
		h.keys[place] = hold{at, stuck}
		if stuck {
			k.Stuck(key, true)
		} else {
			k.emit(key, true, at)
		}
	case was.stuck:
		delete(h.keys, place)
		k.Stuck(key, false)
	default:
		delete(h.keys, place)
		k.emit(key, false, at)
	}
}

// overdue lets go of keys that no finger holds for so long.
func (k *Keypad) overdue(h *holds) {
	now := k.Now()
	for place, was := range h.keys {
		if was.stuck || now.Sub(was.since) < StuckAfter {
			continue
		}
		h.keys[place] = hold{was.since, true}
		key := k.Layout[place[0]][place[1]]
		k.emit(key, false, now)
		k.Stuck(key, true)
	}
}
