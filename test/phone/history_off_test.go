package phone_test

import (
	"testing"

	"phoned/phone"
	"phoned/store"
)

// With the history off a call leaves nothing: not in the lists, not in the database,
// not at the backend. The next one, with the history on again, is kept.
func TestHistoryOff(t *testing.T) {
	t.Parallel()
	w := ready(t, setup{api: true})
	w.historyOff(true)
	w.callOnce()
	w.historyOff(false)
	m := w.mark()
	w.callOnce()
	w.labEvent(m, "history", nil)
	list, err := w.DB.Calls(t.Context(), store.CallQuery{Limit: 10})
	if err != nil || len(list) != 1 || len(w.lab.OAuth.History()) != 1 || len(w.Phone.View().Recent) != 1 {
		t.Errorf("%d calls are kept, %d at the backend, %d in the list; %v", len(list), len(w.lab.OAuth.History()), len(w.Phone.View().Recent), err)
	}
}

func (w *world) historyOff(off bool) {
	w.t.Helper()
	set := w.Phone.View().Settings
	set.HistoryOff = off
	w.Phone.Post(phone.SettingsChanged{Settings: set})
	w.until("the setting", func(v phone.View) bool { return v.Settings.HistoryOff == off })
}
