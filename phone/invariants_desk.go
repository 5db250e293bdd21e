package phone

import (
	"slices"
	"strings"
)

// desk: pages, forms, the lock and what is watched.
func (k *checker) desk(s *State) {
	k.must((s.page.form != nil) == (s.page.screen == ScreenForm), "form %v on screen %q", s.page.form, s.page.screen)
	k.must(len(s.under) == 0 || s.page.parent, "pages beneath %q, which has no parent", s.page.screen)
	if s.page.call != 0 {
		c := s.call(s.page.call)
		k.must(c != nil && c.live() && s.focus == c.ID, "page %q of call %d that is not in front", s.page.screen, s.page.call)
	}
	if f := s.page.form; f != nil {
		k.must(f.cursor >= 0 && f.cursor <= len(f.text) && len(f.text) <= f.kind.limit(), "form cursor %d in %d letters", f.cursor, len(f.text))
		k.must(f.tap.key == 0 || f.cursor > 0, "a letter of key %c that is not there", f.tap.key)
	}
	k.must(!s.locked() || s.settings.PINSet, "locked without a PIN")
	k.must(!s.locked() || s.pageWhileLocked(), "page %q on a locked phone", s.page.screen)
	k.must(slices.EqualFunc(s.asked, s.wanted(), watched.equal), "watched is %v, wanted %v", s.asked, s.wanted())
	for _, w := range s.watches {
		ok := slices.ContainsFunc(s.asked, func(a watched) bool { return a.line == w.line && slices.Contains(a.resources, w.Resource) })
		k.must(ok, "state of %q on line %q that nobody watches", w.Resource, w.line)
	}
	k.must(s.choice == 0 || s.input.Text != "", "suggestion %d for nothing", s.choice)
	k.must(s.choice <= len(s.suggestions()), "suggestion %d of %d", s.choice, len(s.suggestions()))
	v := s.View()
	if v.Form != nil && v.Form.Kind.Secret() {
		k.must(strings.Trim(v.Form.Text, "•") == "", "a PIN or a password on the screen")
		k.must(len([]rune(v.Form.Peek)) <= 1, "more than a letter of a password on the glass")
	}
	k.must(v.Form == nil || v.Form.Peek == "" || s.running(Timer{Kind: TimerTap}), "a letter of a password that stays")
	k.must(s.typed == typed{} || s.signInPages(), "a password that is kept without its page")
}
