package ui

import (
	"strconv"
	"strings"

	"phoned/phone"
)

// softKeys words and colours what the core says the keys do.
func (b *builder) softKeys() [4]SoftKey {
	var out [4]SoftKey
	for i, a := range b.v.SoftKeys {
		if a == phone.ActNone {
			continue
		}
		label := b.c.soft(string(a), b.env.SoftWidth)
		if n := b.v.Park.Occupied(); a == phone.ActPark && b.v.Screen == phone.ScreenIdle && n > 0 && n < 10 {
			label = b.c.soft("park_n", b.env.SoftWidth)
			label = strings.ReplaceAll(label, "#", strconv.Itoa(n))
		}
		out[i] = SoftKey{Action: a, Label: label, Kind: kindOf(a, i),
			Filled: a == phone.ActAnswer || a == phone.ActReject}
	}
	return out
}

// kindOf: the positive act is go, what ends a call is stop, the way out on
// the fourth key is muted.
func kindOf(a phone.Action, position int) KeyKind {
	if position == 0 && (a == phone.ActTransfer || a == phone.ActPark) {
		return KeyGo
	}
	switch a {
	case phone.ActCall, phone.ActAnswer, phone.ActEndAnswer, phone.ActResume, phone.ActRetry, phone.ActSignIn, phone.ActCallback,
		phone.ActConsult, phone.ActConnect, phone.ActJoin, phone.ActRetrieve, phone.ActDialIt:
		return KeyGo
	case phone.ActEnd, phone.ActReject:
		return KeyStop
	case phone.ActMenu, phone.ActMore, phone.ActCancel, phone.ActBack:
		return KeyOut
	case phone.ActForward, phone.ActOK:
		if position == 3 {
			return KeyOut
		}
	}
	return KeyNormal
}
