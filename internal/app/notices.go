package app

import (
	"context"
	"maps"
	"sync"
	"time"

	"github.com/google/uuid"

	"phoned/internal/calllog"
	"phoned/phone"
)

// callIDs gives each call the UUID that interfaces and the history know it by.
type callIDs struct {
	mu   sync.Mutex
	make func() string
	ids  map[phone.CallID]string
}

func (c *callIDs) of(id phone.CallID) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ids == nil {
		c.ids = map[phone.CallID]string{}
	}
	if c.make == nil {
		c.make = uuid.NewString
	}
	if c.ids[id] == "" {
		c.ids[id] = c.make()
	}
	return c.ids[id]
}

func (c *callIDs) forget(id phone.CallID) { c.mu.Lock(); delete(c.ids, id); c.mu.Unlock() }

// publish gives a notice of the core to the interfaces (contract §7).
func (p *Phone) publish(n phone.Notice) {
	d := maps.Clone(n.Detail)
	if d == nil {
		d = map[string]any{}
	}
	if n.Call != 0 {
		d["call"] = int(n.Call)
		d["callId"] = p.ids.of(n.Call)
	}
	if n.Line != "" {
		d["line"] = string(n.Line)
	}
	p.event(n.Name, d)
}

func (p *Phone) event(name string, detail map[string]any) {
	if p.cfg.Bus != nil {
		p.cfg.Bus.Publish(p.clock.Now(), name, detail)
	}
}

const saveTime = 10 * time.Second

func (p *Phone) saveCall(r phone.CallRecord, id string) {
	if p.cfg.Store == nil || p.loop.View().Settings.HistoryOff {
		return // with the history off nothing of it stays, and the backend is not told
	}
	ctx, cancel := context.WithTimeout(context.Background(), saveTime)
	defer cancel()
	if err := p.cfg.Store.SaveCall(ctx, r, id); err != nil {
		p.log.Error("the call was not saved in the history", "call", r.Call, "err", err)
		return
	}
	p.history.kick()
	p.tellHistory(ctx)
}

func (p *Phone) saveVolume(e phone.SaveVolume) {
	if p.cfg.Store == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), saveTime)
	defer cancel()
	if err := p.cfg.Store.SaveVolume(ctx, e.Path.String(), e.Percent); err != nil {
		p.log.Error("the volume was not saved", "err", err)
	}
}

func (p *Phone) saveSetting(e phone.SaveSetting) {
	if p.cfg.Store == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), saveTime)
	defer cancel()
	if err := p.cfg.Store.SaveSetting(ctx, e.Name, e.Value); err != nil {
		p.log.Error("the setting was not saved", "state", e.Name, "err", err)
	}
}

// loadRecent gives the core the finished calls of earlier runs.
func (p *Phone) loadRecent() {
	if p.cfg.Store == nil {
		return
	}
	ctx, cancel := context.WithTimeout(p.ctx, saveTime)
	defer cancel()
	calls, err := p.cfg.Store.Recent(ctx)
	if err != nil {
		p.log.Error("the history can't be read", "err", err)
		return
	}
	p.loop.Post(phone.HistoryLoaded{Calls: calls})
}

// tellHistory publishes the list of calls (contract §5).
func (p *Phone) tellHistory(ctx context.Context) {
	rows, err := p.cfg.Store.History(ctx)
	if err != nil {
		p.log.Error("the history can't be read", "err", err)
		return
	}
	p.event("history-updated", map[string]any{"history": historyList(rows)})
}

// historyList is the list for interfaces (contract §5).
func historyList(rows []calllog.Record) []map[string]any {
	list := make([]map[string]any, 0, len(rows))
	for _, r := range rows {
		e := map[string]any{
			"id": r.CallID, "phoneNumber": r.PhoneNumber, "timestamp": r.StartedAt.UnixMilli(),
			"direction": string(r.Direction), "status": historyStatus(r),
		}
		if r.Outcome != calllog.OutcomeUnknown {
			e["outcome"] = string(r.Outcome)
		}
		if r.Duration > 0 {
			e["duration"] = r.Duration.Milliseconds()
		}
		list = append(list, e)
	}
	return list
}

// historyStatus is the word of the list for interfaces: what was not answered
// was missed, by whichever side.
func historyStatus(r calllog.Record) string {
	if r.Voicemail {
		return "voicemail"
	}
	if r.Disposition == calllog.Answered {
		return "answered"
	}
	return "missed"
}

func (p *Phone) lookUp(c *call, number string) {
	if p.cfg.Store == nil {
		return
	}
	if name, ok := p.cfg.Store.NameOf(c.ctx, number); ok {
		p.loop.Post(phone.CallIdentified{Call: c.ref(), Party: phone.Party{Number: number, Name: name}})
	}
}
