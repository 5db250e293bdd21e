package ui

import "phoned/phone"

// softKeys words and colours what the core says the keys do.
func (b *builder) softKeys() [4]SoftKey {
	var out [4]SoftKey
	for i, a := range b.v.SoftKeys {
		if a == phone.ActNone {
			continue
		}
		out[i] = SoftKey{Action: a, Label: b.c.soft(string(a), b.env.SoftWidth), Kind: kindOf(a, i),
			Filled: a == phone.ActAnswer || a == phone.ActReject}
	}
	return out
}

// kindOf: the positive act is go, what ends a call is stop, the way out on
// the fourth key is muted.
func kindOf(a phone.Action, position int) KeyKind {
	switch a {
	case phone.ActCall, phone.ActAnswer, phone.ActEndAnswer, phone.ActResume, phone.ActRetry, phone.ActSignIn, phone.ActCallback:
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
