package sip

// keepAliveKind is what a piece of CRLFs between messages means.
type keepAliveKind int

const (
	message keepAliveKind = iota
	ping                  // double CRLF: to be answered by one (RFC 5626 §3.5.1)
	pong                  // single CRLF
)

// keepAlive tells a message from what is sent to keep a flow open.
func keepAlive(b []byte) keepAliveKind {
	if len(b) > 4 {
		return message
	}
	for _, c := range b {
		if c != '\r' && c != '\n' && c != 0 {
			return message
		}
	}
	if string(b) == "\r\n\r\n" {
		return ping
	}
	return pong
}
