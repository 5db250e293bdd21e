package sdp

import "phoned/media"

func sends(d media.Direction) bool    { return d == media.SendRecv || d == media.SendOnly }
func receives(d media.Direction) bool { return d == media.SendRecv || d == media.RecvOnly }

func direction(send, recv bool) media.Direction {
	switch {
	case send && recv:
		return media.SendRecv
	case send:
		return media.SendOnly
	case recv:
		return media.RecvOnly
	}
	return media.Inactive
}

// Sends and Receives take a direction apart.
func Sends(d media.Direction) bool    { return sends(d) }
func Receives(d media.Direction) bool { return receives(d) }

// Reverse is the same direction seen from the other side.
func Reverse(d media.Direction) media.Direction { return direction(receives(d), sends(d)) }

// Meet is what both allow, seen from the same side.
func Meet(a, b media.Direction) media.Direction {
	return direction(sends(a) && sends(b), receives(a) && receives(b))
}

// AnswerDirection is what we answer (RFC 3264 section 6.1) to an offer, when we
// want ours.
func AnswerDirection(offer, ours media.Direction) media.Direction {
	return Meet(Reverse(offer), ours)
}
