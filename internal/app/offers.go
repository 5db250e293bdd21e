package app

import (
	"context"
	"errors"
	"io/fs"
	"strconv"
	"sync"
	"time"

	"phoned/hal"
	"phoned/internal/health"
	"phoned/internal/mountwatch"
	"phoned/phone"
	"phoned/provisioning"
)

// Given is what takes configurations that a person holds up to the phone;
// *Provisioner is one.
type Given interface {
	LookAtStick(dir string) (Look, error)
	TakeStick(dir, pin string) (provisioning.Proposal, error)
	LookAtCode(text string) (Look, error)
	TakeCode(ctx context.Context, text, pin string) (provisioning.Code, provisioning.Proposal, error)
}

// Look is what can be said of a stick or a code before it is used.
type Look struct {
	From    string   // the host that a code leads to
	PIN     bool     // the PIN that came with it is needed
	Vouched bool     // by a key the phone trusts: nobody needs to be asked
	Changes []string // in words, where they are known already
}

// The problems of what is held up to the phone.
const (
	codeStick = "provision.stick"
	codeCode  = "provision.code"
)

// pinTries is how often the PIN of one stick or code may be entered.
const pinTries = 5

// offers are what is held up to the phone; the newest one counts.
type offers struct {
	mu    sync.Mutex
	n     int
	kind  phone.OfferKind // "": nothing
	where string          // the stick's folder, or the code's text
	tries int

	looking bool // the camera is on

	// asked is the request of a browser that is on the screen, refuse its "no".
	asked  string
	refuse func()
}

// ask notes a browser's request of access.
func (o *offers) ask(request string, refuse func()) (id string) {
	id = o.set(phone.OfferAccess, "")
	o.mu.Lock()
	defer o.mu.Unlock()
	o.asked, o.refuse = request, refuse
	return id
}

// answered ends a browser's request.
func (o *offers) answered(request string) (id string, ok bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.kind != phone.OfferAccess || o.asked != request {
		return "", false
	}
	o.kind, o.asked, o.refuse = "", "", nil
	return strconv.Itoa(o.n), true
}

// declined is the person's "no"; it tells whom that concerns.
func (o *offers) declined(id string) (refuse func()) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.kind != phone.OfferAccess || id != strconv.Itoa(o.n) {
		return nil
	}
	refuse = o.refuse
	o.kind, o.asked, o.refuse = "", "", nil
	return refuse
}

// look says that the camera is turned on, unless it is.
func (o *offers) look() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	was := o.looking
	o.looking = true
	return !was
}

func (o *offers) looked() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.looking = false
}

func (o *offers) set(kind phone.OfferKind, where string) (id string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.n++
	o.kind, o.where, o.tries = kind, where, 0
	return strconv.Itoa(o.n)
}

// use gives what was offered under an id, once more at most pinTries times.
func (o *offers) use(id string) (kind phone.OfferKind, where string, last, ok bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if id != strconv.Itoa(o.n) || o.kind == "" {
		return "", "", false, false
	}
	o.tries++
	return o.kind, o.where, o.tries >= pinTries, true
}

func (o *offers) drop(kind phone.OfferKind) (id string, ok bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.kind != kind {
		return "", false
	}
	o.kind = ""
	return strconv.Itoa(o.n), true
}

// startGiven watches for sticks and reads the scanners.
func (p *Phone) startGiven() {
	if p.cfg.Given == nil {
		return
	}
	if dir := p.cfg.StickDir; dir != "" {
		p.wg.Go(func() {
			err := mountwatch.Watch(p.ctx, dir, func(mounted bool) { p.StickMounted(dir, mounted) })
			if err != nil {
				p.log.Warn("sticks are not noticed", "err", err)
			}
		})
	}
	for _, s := range p.cfg.Board.Scanners {
		p.wg.Go(func() { p.readCodes(s) })
	}
}

func (p *Phone) readCodes(s hal.Scanner) {
	for code := range s.Codes() {
		p.CodeRead(string(code))
	}
	if err := s.Err(); err != nil {
		p.log.Error("the code scanner is gone", "err", err)
	}
}

// scanTime is how long the camera looks for a code.
const scanTime = time.Minute

// scan reads one code with the camera. Its light is on only while it looks.
func (p *Phone) scan() {
	if p.cfg.Board.Camera == nil || !p.offers.look() {
		return
	}
	p.wg.Go(func() {
		defer p.offers.looked()
		s, err := p.cfg.Board.Camera()
		if err != nil {
			p.refused(codeCode, "The camera can't be used", err)
			return
		}
		late := make(chan struct{})
		timer := p.clock.AfterFunc(scanTime, func() { close(late) })
		defer timer.Stop()
		select {
		case code, ok := <-s.Codes():
			if ok {
				p.CodeRead(string(code))
			} else if err := s.Err(); err != nil {
				p.refused(codeCode, "The camera can't be used", err)
			}
		case <-late:
			p.log.Info("no code was held up to the camera", "dev", "camera")
		case <-p.ctx.Done():
		}
		if err := s.Close(); err != nil {
			p.log.Warn("the camera did not close", "err", err)
		}
	})
}

// StickMounted says that the system has shown a stick on dir, or that it is gone.
func (p *Phone) StickMounted(dir string, in bool) {
	if in {
		p.stickIn(dir)
	} else {
		p.stickOut()
	}
}

func (p *Phone) stickIn(dir string) {
	p.loop.Post(phone.StickChanged{In: p.cfg.Report != nil})
	if p.cfg.Given == nil {
		return
	}
	l, err := p.cfg.Given.LookAtStick(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		p.log.Info("a stick without anything for a phone", "dev", "stick")
	case err != nil:
		p.refused(codeStick, "The stick can't be used", err)
	case l.Vouched:
		if _, err := p.cfg.Given.TakeStick(dir, ""); err != nil {
			p.refused(codeStick, "The stick can't be used", err)
			return
		}
		p.solved(codeStick, "")
	default:
		p.solved(codeStick, "")
		id := p.offers.set(phone.OfferStick, dir)
		p.loop.Post(phone.Offered{Offer: phone.Offer{ID: id, Kind: phone.OfferStick, PIN: l.PIN, Changes: l.Changes}})
	}
}

func (p *Phone) stickOut() {
	p.loop.Post(phone.StickChanged{})
	p.solved(codeStick, "")
	if id, ok := p.offers.drop(phone.OfferStick); ok {
		p.loop.Post(phone.OfferEnded{ID: id})
	}
}

// CodeRead follows a code that a scanner or camera has read.
func (p *Phone) CodeRead(text string) {
	if p.cfg.Given == nil {
		return
	}
	l, err := p.cfg.Given.LookAtCode(text)
	if err != nil {
		p.refused(codeCode, "The code can't be used", err)
		return
	}
	p.solved(codeCode, "")
	id := p.offers.set(phone.OfferCode, text)
	if l.Vouched {
		p.takeOffer(phone.TakeOffer{ID: id})
		return
	}
	p.loop.Post(phone.Offered{Offer: phone.Offer{ID: id, Kind: phone.OfferCode, From: l.From, PIN: l.PIN}})
}

// takeOffer uses what was offered. It asks the network, so it runs beside.
func (p *Phone) takeOffer(e phone.TakeOffer) {
	p.wg.Go(func() {
		kind, where, last, ok := p.offers.use(e.ID)
		if !ok {
			p.loop.Post(phone.OfferEnded{ID: e.ID})
			return
		}
		var err error
		code, title := codeStick, "The stick can't be used"
		if kind == phone.OfferCode {
			code, title = codeCode, "The code can't be used"
			_, _, err = p.cfg.Given.TakeCode(p.ctx, where, string(e.PIN))
		} else {
			_, err = p.cfg.Given.TakeStick(where, string(e.PIN))
		}
		if errors.Is(err, provisioning.ErrPIN) && !last {
			p.loop.Post(phone.OfferEnded{ID: e.ID, WrongPIN: true})
			return
		}
		p.offers.drop(kind)
		p.loop.Post(phone.OfferEnded{ID: e.ID})
		if err != nil {
			p.refused(code, title, err)
			return
		}
		p.solved(code, "")
	})
}

// refused words why a stick or a code is not used.
func (p *Phone) refused(code, title string, err error) {
	if p.ctx.Err() != nil {
		return
	}
	h := health.Problem{Code: code, Severity: health.Warning, Title: title, Detail: err.Error(), Advice: "Nothing was changed. Tell your administrator."}
	switch {
	case errors.Is(err, provisioning.ErrUnsigned):
		h.Advice = "It is neither signed nor made with a PIN. Ask your administrator for one that is."
	case errors.Is(err, provisioning.ErrSignature):
		h.Advice = "It was made for other phones, or changed. Ask your administrator for a new one."
	case errors.Is(err, provisioning.ErrPIN):
		h.Advice = "The PIN was wrong too often. Hold it up once more."
	case errors.Is(err, ErrExpired):
		h.Advice = "It has expired. Ask your administrator for a new one."
	case errors.Is(err, provisioning.ErrOnTrial):
		h.Advice = "The last change is still being tried. Wait two minutes."
	case errors.Is(err, provisioning.ErrCode):
		h.Advice = "It is not one for this phone."
	}
	p.log.Warn(title, "code", code, "err", err)
	p.problem(h)
}
