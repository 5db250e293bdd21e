package board

import (
	"maps"
	"slices"

	"phoned/hal"
)

// KeyNames lists every key that the file names, each once, section by section.
func (f *File) KeyNames() (out []hal.Key) {
	add := func(k hal.Key) {
		if k != "" && !slices.Contains(out, k) {
			out = append(out, k)
		}
	}
	if f.Keypad != nil {
		for _, row := range f.Keypad.Keys {
			for _, k := range row {
				add(k)
			}
		}
	}
	if f.SerialPad != nil {
		for _, n := range slices.Sorted(maps.Keys(f.SerialPad.Keys)) {
			add(f.SerialPad.Keys[n])
		}
	}
	for _, in := range f.Inputs {
		for _, n := range slices.Sorted(maps.Keys(in.Keys)) {
			add(in.Keys[n])
		}
	}
	return out
}

// fewKeys: there are keys, and all of them are among the sixteen of a matrix.
func (f *File) fewKeys() bool {
	names := f.KeyNames()
	few := func(k hal.Key) bool { return len(k) == 1 || len(k) == 3 && k[:2] == "sk" }
	return len(names) > 0 && !slices.ContainsFunc(names, func(k hal.Key) bool { return !few(k) })
}

// LampNames lists every lamp that the file names.
func (f *File) LampNames() (out []hal.LampID) {
	for _, l := range f.Lamps {
		if !slices.Contains(out, l.ID) {
			out = append(out, l.ID)
		}
	}
	if f.SerialPad != nil {
		for _, id := range slices.Sorted(maps.Keys(f.SerialPad.Lamps)) {
			out = append(out, hal.LampID(id))
		}
	}
	return out
}
