package sip

import (
	"strings"

	gosip "github.com/emiago/sipgo/sip"
)

// rebound takes back the binding of the address that we had before, if the
// registrar still has it. One that does outbound has replaced it by instance and
// reg-id (RFC 5626 §6) and lists it no more; another would let calls fork to
// where nobody is until it expires.
func (r *registration) rebound(k *link, res *gosip.Response) {
	was := r.bound
	r.bound = r.line.contactURI(k)
	if was == "" || was == r.bound || !lists(res, was) {
		return
	}
	r.line.a.log.Info("an old address is taken back from the registrar", "line", r.line.cfg.ID)
	r.send(k, 0, &authState{}, r.build(k, was, 0), func(*gosip.Response, error) {})
}

// lists says whether a registrar's answer names a binding, which it may write
// in its own way, but for the address.
func lists(res *gosip.Response, uri string) bool {
	_, at, _ := strings.Cut(uri, "@")
	at, _, _ = strings.Cut(at, ";")
	for _, c := range headerList(res, "Contact") {
		_, got, _ := strings.Cut(c, "@")
		if got, _, _ = strings.Cut(got, ">"); at != "" && strings.EqualFold(strings.SplitN(got, ";", 2)[0], at) {
			return true
		}
	}
	return false
}
