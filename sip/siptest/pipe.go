package siptest

import (
	"bytes"
	"errors"
	"sync"
)

// Pipe is a connection in memory, for tests under fake time. It has the
// methods of a flow.
type Pipe struct {
	peer *Peer
	in   chan []byte
	done chan struct{}
	once sync.Once
}

// Dial connects to an exchange made with "pipe".
func (x *Exchange) Dial() *Pipe {
	p := &Pipe{in: make(chan []byte, 1024), done: make(chan struct{})}
	p.peer = x.newPeer("TCP", func(b []byte) error {
		select {
		case p.in <- bytes.Clone(b):
			return nil
		case <-p.done:
			return errors.New("the pipe is closed")
		}
	}, func() { _ = p.Close() })
	x.peers <- p.peer
	return p
}

// Send takes a message of the phone.
func (p *Pipe) Send(b []byte) error {
	select {
	case <-p.done:
		return errors.New("the pipe is closed")
	default:
		p.peer.received(b)
		return nil
	}
}

// Recv gives the phone a message.
func (p *Pipe) Recv() ([]byte, error) {
	select {
	case b := <-p.in:
		return b, nil
	case <-p.done:
		return nil, errors.New("the pipe is closed")
	}
}

// Close ends the connection.
func (p *Pipe) Close() error {
	p.once.Do(func() {
		close(p.done)
		p.peer.closed()
	})
	return nil
}

// Done is closed with the connection.
func (p *Pipe) Done() <-chan struct{} { return p.done }
