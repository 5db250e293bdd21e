package sip

import (
	"slices"
	"strings"

	gosip "github.com/emiago/sipgo/sip"
)

// dialogID is how a request finds its dialog (RFC 3261 §12).
type dialogID struct{ callID, local, remote string }

// dialog is the state two user agents share (RFC 3261 §12.1). Where it is
// reached is not part of it: the line's flow is.
type dialog struct {
	dialogID
	from   gosip.FromHeader // us, with our tag
	to     gosip.ToHeader   // them, with theirs
	target gosip.Uri        // their Contact
	routes []string
	lseq   uint32 // last CSeq we used
	rseq   uint32 // last CSeq they used, 0: none
}

// uacDialog is the dialog that a response to our INVITE makes or would make.
func uacDialog(req *gosip.Request, res *gosip.Response) *dialog {
	d := &dialog{from: *req.From(), to: *res.To(), target: req.Recipient, lseq: req.CSeq().SeqNo}
	d.dialogID = dialogID{req.CallID().Value(), param(d.from.Params, "tag"), param(d.to.Params, "tag")}
	d.routes = headerList(res, "Record-Route")
	slices.Reverse(d.routes)
	d.refresh(res)
	return d
}

// uasDialog is the dialog that their INVITE makes, with our tag.
func uasDialog(req *gosip.Request, tag string) *dialog {
	to, from := req.To(), req.From()
	d := &dialog{
		from: gosip.FromHeader{DisplayName: to.DisplayName, Address: to.Address, Params: to.Params.Clone()},
		to:   gosip.ToHeader{DisplayName: from.DisplayName, Address: from.Address, Params: from.Params.Clone()},
		rseq: req.CSeq().SeqNo, routes: headerList(req, "Record-Route"), target: from.Address,
	}
	d.from.Params.Add("tag", tag)
	d.dialogID = dialogID{req.CallID().Value(), tag, param(from.Params, "tag")}
	d.refresh(req)
	return d
}

func param(p gosip.HeaderParams, name string) string {
	v, _ := p.Get(name)
	return v
}

// refresh takes a new remote target (RFC 3261 §12.2).
func (d *dialog) refresh(m gosip.Message) {
	for _, h := range m.GetHeaders("Contact") {
		if c, ok := h.(*gosip.ContactHeader); ok && !c.Address.Wildcard {
			d.target = *c.Address.Clone()
			return
		}
	}
}

// request builds the next request in the dialog (RFC 3261 §12.2.1.1). ACK
// takes the number of the INVITE it belongs to.
func (d *dialog) request(k *link, method gosip.RequestMethod, seq uint32) *gosip.Request {
	if seq == 0 {
		d.lseq++
		seq = d.lseq
	}
	target, routes := d.target, d.routes
	if len(routes) > 0 && !strings.Contains(strings.ToLower(routes[0]), ";lr") {
		// A strict router of RFC 2543: it gets the Request-URI, the target goes last.
		var first gosip.Uri
		if _, err := gosip.ParseAddressValue(routes[0], &first, nil); err == nil {
			routes = append(slices.Clone(routes[1:]), "<"+target.String()+">")
			target = first
		}
	}
	target.Headers = nil
	req := k.line.newRequest(k, method, target)
	for _, r := range routes {
		req.AppendHeader(gosip.NewHeader("Route", r))
	}
	from, to := d.from, d.to
	req.AppendHeader(&from)
	req.AppendHeader(&to)
	appendIDs(req, d.callID, seq)
	return req
}
