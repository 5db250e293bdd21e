package app

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"slices"
	"strings"

	"github.com/google/uuid"

	"phoned/internal/health"
	"phoned/internal/licences"
	"phoned/internal/secret"
	"phoned/internal/slowhash"
	"phoned/phone"
	"phoned/store"
)

// applyKept lays a kept setting of the core over s. A switch may be kept as
// true, or as the word.
func applyKept(s *phone.Settings, kept store.Setting) {
	var v any
	if json.Unmarshal(kept.Value, &v) != nil {
		return
	}
	switch v := v.(type) {
	case string:
		phone.ApplySetting(s, kept.Key, v)
	case bool:
		phone.ApplySetting(s, kept.Key, fmt.Sprint(v))
	}
}

// fromPhone marks contacts that were made at the phone.
const fromPhone = "phone"

// Contacts are all people in the database.
func (s *storage) Contacts(ctx context.Context) ([]phone.ContactCard, error) {
	rows, err := s.db.Contacts(ctx, "", contactsLimit)
	if err != nil {
		return nil, err
	}
	out := make([]phone.ContactCard, 0, len(rows))
	for _, r := range rows {
		c := phone.ContactCard{ID: r.ID, Name: r.Name, Favourite: r.Favourite, VIP: r.VIP, Blocked: r.Blocked, Melody: r.Melody,
			ReadOnly: r.Source != fromPhone && r.Source != ""}
		for _, n := range r.Numbers {
			c.Numbers = append(c.Numbers, phone.ContactNumber(n))
		}
		out = append(out, c)
	}
	return out, nil
}

const contactsLimit = 5000

// SaveContact writes a contact; one without an ID is new.
func (s *storage) SaveContact(ctx context.Context, c phone.ContactCard) error {
	if c.ID == "" {
		c.ID = uuid.NewString()
	}
	r := store.Contact{ID: c.ID, Name: c.Name, Source: fromPhone, Favourite: c.Favourite, VIP: c.VIP, Blocked: c.Blocked, Melody: c.Melody}
	for _, n := range c.Numbers {
		r.Numbers = append(r.Numbers, store.ContactNumber(n))
	}
	return s.db.Tx(ctx, func(t *store.Tx) error { return t.PutContact(r) })
}

// DeleteContact forgets a contact.
func (s *storage) DeleteContact(ctx context.Context, id string) error {
	return s.db.Tx(ctx, func(t *store.Tx) error { return t.DeleteContact(id) })
}

// keptPIN is the PIN of the key lock among the secrets, salted and stretched:
// who copies the secrets still has to try.
type keptPIN struct{ secrets *store.Secrets }

const pinSecret = "lock.pin"

// SavePIN keeps a PIN; "" forgets it.
func (k keptPIN) SavePIN(_ context.Context, pin string) error {
	if pin == "" {
		return k.secrets.Wipe(pinSecret)
	}
	return k.secrets.Set(map[string]secret.String{pinSecret: secret.New(slowhash.Hash(pin))})
}

// HasPIN reports whether one is kept.
func (k keptPIN) HasPIN(context.Context) (bool, error) {
	kept, err := k.secrets.Get(pinSecret)
	return err == nil && !kept.Empty(), err
}

// CheckPIN compares. Where no PIN is kept, or it can't be read, none is right.
func (k keptPIN) CheckPIN(_ context.Context, pin string) (bool, error) {
	kept, err := k.secrets.Get(pinSecret)
	if err != nil {
		return false, err
	}
	if kept.Empty() {
		return false, fmt.Errorf("no PIN is kept: %w", store.ErrNotFound)
	}
	return slowhash.Verify(kept.Reveal(), pin), nil
}

// codeSealed: the secrets are there and can't be opened.
const codeSealed = "secrets.sealed"

// lockOf lays what is known of the PIN over the kept settings: a lock whose PIN
// is gone can't be shut, since nothing would open it; one whose PIN can't be
// read stays shut, since it may come back with the device's key.
func lockOf(ctx context.Context, pins PINs, s *phone.Settings, problems *health.Registry) {
	has, err := pins.HasPIN(ctx)
	switch {
	case err != nil, !has && slices.ContainsFunc(problems.List(), func(p health.Problem) bool { return p.Code == codeSealed }):
		return
	case s.PINSet && !has:
		problems.Set(health.Problem{Code: "lock.pin_lost", Severity: health.Warning, Title: "The PIN of the key lock is lost",
			Advice: "The phone is unlocked. Set a new PIN in Settings, Key lock."})
	}
	s.PINSet = has
	s.Locked = s.Locked && has
}

// deviceInfo is what the network and about pages show.
func deviceInfo(o Options, serial string) phone.DeviceInfo {
	d := phone.DeviceInfo{Model: o.Board.Name, Camera: o.Board.Camera != nil, Version: o.Version, Serial: strings.TrimPrefix(serial, "urn:uuid:")}
	for _, l := range licences.Names() {
		d.Parts = append(d.Parts, phone.SoftwarePart{Name: l.Name, Version: l.Version, Licence: l.Licence})
	}
	ifaces, err := net.Interfaces()
	if err != nil {
		return d
	}
	for _, i := range ifaces {
		if i.Flags&net.FlagLoopback != 0 || i.Flags&net.FlagUp == 0 {
			continue
		}
		addrs, err := i.Addrs()
		if err != nil {
			continue
		}
		for _, a := range addrs {
			if n, ok := a.(*net.IPNet); ok && n.IP.IsGlobalUnicast() && (d.Interface == "" || d.Interface == i.Name) {
				d.Interface, d.MAC = i.Name, i.HardwareAddr.String()
				d.Addresses = append(d.Addresses, n.IP.String())
			}
		}
	}
	return d
}
