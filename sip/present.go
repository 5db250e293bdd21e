package sip

import gosip "github.com/emiago/sipgo/sip"

// Present is the way in which an exchange wants to be told which number a call
// presents. None but an asserted identity is meant by RFC 3325 for a phone the
// exchange trusts, and exchanges differ in what they read.
type Present string

const (
	PresentAsserted  Present = "asserted"  // P-Asserted-Identity (RFC 3325 §9.1)
	PresentPreferred Present = "preferred" // P-Preferred-Identity (RFC 3325 §9.2)
	PresentRemote    Present = "remote"    // Remote-Party-ID, before RFC 3325
	PresentFrom      Present = "from"      // From's name and user
)

// caller is the From of a call.
func (l *line) caller(o InviteOptions) gosip.FromHeader {
	if o.Private {
		return gosip.FromHeader{DisplayName: "Anonymous", Address: gosip.Uri{Scheme: "sip", User: "anonymous", Host: "anonymous.invalid"}}
	}
	from := l.aor()
	if l.cfg.Present == PresentFrom && o.Identity.User != "" {
		from.Address.User = escapeUser(o.Identity.User)
		if o.Identity.Display != "" {
			from.DisplayName = quoteDisplay(o.Identity.Display)
		}
	}
	return from
}

// identity says who calls, and who may know (RFC 3323, RFC 3325).
func (l *line) identity(req *gosip.Request, o InviteOptions) {
	id := o.Identity
	if o.Private {
		if id.User == "" {
			id = Identity{User: l.cfg.User, Display: l.cfg.DisplayName}
		}
		req.AppendHeader(gosip.NewHeader("Privacy", "id"))
	}
	if id.User == "" {
		return
	}
	value := assertedIdentity(id, l.cfg.Domain)
	switch l.cfg.Present {
	case PresentFrom:
		if o.Private {
			req.AppendHeader(gosip.NewHeader("P-Asserted-Identity", value))
		}
	case PresentPreferred:
		req.AppendHeader(gosip.NewHeader("P-Preferred-Identity", value))
	case PresentRemote:
		privacy := "off"
		if o.Private {
			privacy = "full"
		}
		req.AppendHeader(gosip.NewHeader("Remote-Party-ID", value+";party=calling;privacy="+privacy+";screen=no"))
	default:
		req.AppendHeader(gosip.NewHeader("P-Asserted-Identity", value))
	}
}
