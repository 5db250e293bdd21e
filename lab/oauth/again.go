package oauth

// again lets a refresh token be used a second time while nothing that it brought was
// used: the answer was lost. Many servers do so (RFC 9700 §4.14.2 leaves it to them);
// the contract's voids the token at once. Its methods are called under the Server's mutex.
type again struct {
	on    bool
	after map[string]*successor // by the token that was spent
	of    map[string]*successor // by what came of it
}

type successor struct {
	account         *Account
	access, refresh string
	used            bool
}

// ForgiveLostAnswers has the server do so from now on.
func (s *Server) ForgiveLostAnswers() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.again = again{on: true, after: map[string]*successor{}, of: map[string]*successor{}}
}

func (g *again) follow(spent string, n *successor) {
	if g.on {
		g.after[spent], g.of[n.access], g.of[n.refresh] = n, n, n
	}
}

// use notes that somebody has a token.
func (g *again) use(token string) {
	if n := g.of[token]; n != nil {
		n.used = true
	}
}

// forgive takes back what a spent token brought, if nobody has it; nil: somebody does.
func (g *again) forgive(s *Server, spent string) *Account {
	n := g.after[spent]
	if n == nil || n.used {
		return nil
	}
	delete(s.access, n.access)
	delete(s.refresh, n.refresh)
	return n.account
}
