package phone

import (
	"strings"
	"time"
)

// Password is the password of a sign-in. It prints as bullets.
type Password string

// String hides it.
func (Password) String() string { return "••••" }

// GoString hides it.
func (Password) GoString() string { return "••••" }

// SignInWays are the ways to sign in that the phone has now.
type SignInWays struct {
	// Code: a QR code and a one-time code, of the server or of a page of the
	// phone's own.
	Code bool
	// Password: by e-mail and password at the phone itself.
	Password bool
	// Server is the host that people sign in at, "": none is known.
	Server string
	// SetServer: the server may be entered at the phone.
	SetServer bool
}

type (
	// SignInWaysChanged brings them.
	SignInWaysChanged struct{ Ways SignInWays }
	// SignInWith signs in by what was typed. Result: SignInResult, and the
	// SessionChanged of any sign-in. The password is not kept by anybody.
	SignInWith struct {
		Email    string
		Password Password
	}
	// StopSignInWith ends the attempt that is on its way; nobody waits any more.
	StopSignInWith struct{}
	// SetSignInServer keeps the server's address. Result: SignInResult, or a
	// phone that starts anew.
	SetSignInServer struct{ Address string }
	// SignInResult says why an attempt failed: one of the words of SignInWhy,
	// "": it did not.
	SignInResult struct{ Why SignInWhy }
)

// SignInWhy is why a sign-in at the phone failed, a key of ui's catalogue after
// "form.error.".
type SignInWhy string

// The reasons.
const (
	WhyPassword      SignInWhy = "password"    // the server refuses e-mail and password
	WhyUnreachable   SignInWhy = "unreachable" // no connection to the server
	WhyCertificate   SignInWhy = "certificate" // the server's certificate is not trusted
	WhyBusy          SignInWhy = "busy"        // the server has trouble
	WhyNoLine        SignInWhy = "no_line"     // the account has no telephone line
	WhyRefused       SignInWhy = "refused"     // the server refuses this phone
	WhyNotConfigured SignInWhy = "no_server"   // no server is known
	WhyStorage       SignInWhy = "storage"     // the phone can't keep it
	WhyHost          SignInWhy = "host"        // not an address that can be a server's
	WhyFailed        SignInWhy = "failed"      // anything else
)

func (SignInWaysChanged) what()  {}
func (SignInResult) what()       {}
func (SignInWith) effect()       {}
func (StopSignInWith) effect()   {}
func (SetSignInServer) effect()  {}
func (w SignInWhy) word() string { return "form.error." + string(w) }

// The forms of a sign-in, and its menu.
const (
	menuSignIn   = "sign_in"
	formEmail    = "signin_email"
	formPassword = "signin_password"
	formServer   = "signin_server"
)

// signInPatience is how many menu times a form of the sign-in stays without a
// key: looking up a password takes longer than choosing in a menu.
const signInPatience = 5

// typed is what was entered for a sign-in, so that an error loses none of it. It
// is replaced, never changed, and forgotten with the last page of the sign-in.
type typed struct {
	email, password string
	busy            bool // the server is being asked
}

func signInForm(id string) bool { return id == formEmail || id == formPassword || id == formServer }

// signInPages: a form of the sign-in is open, or beneath another page.
func (s *State) signInPages() bool {
	if f := s.page.form; f != nil && signInForm(f.id) {
		return true
	}
	for _, p := range s.under {
		if p.form != nil && signInForm(p.form.id) {
			return true
		}
	}
	return false
}

// settleSignIn forgets what was typed with the last page of the sign-in, and
// closes the pages when somebody is signed in.
func (t *turn) settleSignIn() {
	if t.session.State == SessionIn && t.signInPages() {
		t.typed.busy = false
		t.closePage()
	}
	if t.signInPages() {
		return
	}
	if t.typed.busy {
		t.emit(StopSignInWith{})
	}
	t.typed = typed{}
}

// askSignIn is the key and the row Sign in: the only way at once, otherwise a
// choice.
func (t *turn) askSignIn() {
	w := t.ways
	n := 0
	for _, x := range []bool{w.Code, w.Password, w.SetServer} {
		if x {
			n++
		}
	}
	switch {
	case n == 0 || n == 1 && w.Code:
		t.signIn()
	case n == 1 && w.Password:
		t.openEmail()
	case n == 1:
		t.openServer()
	default:
		t.openPage(page{screen: ScreenMenu, menu: menuSignIn, parent: true})
	}
}

func (s *State) signInMenu() []entry {
	var list []entry
	if s.ways.Code {
		list = append(list, entry{"signin_code", "@signin_code", "", (*turn).signIn})
	}
	if s.ways.Password {
		list = append(list, entry{formEmail, "@signin_by_password", "", (*turn).openEmail})
	}
	if s.ways.SetServer {
		value := s.ways.Server
		if value == "" {
			value = "@none"
		}
		list = append(list, entry{formServer, "@signin_server", value, (*turn).openServer})
	}
	return list
}

func (t *turn) openEmail()  { t.openForm(newForm(formEmail, "", FormEmail, t.typed.email)) }
func (t *turn) openServer() { t.openForm(newForm(formServer, "", FormHost, t.ways.Server)) }

// signingInRows are the soft keys while a code is shown.
func (s *State) signingInRows() [][4]Action {
	first, second, certificate := ActNone, s.emergencyAct(), ActNone
	if s.ways.Password && s.session.URL != "" {
		first, second = second, ActTypeIn
	}
	if s.session.Fingerprint != "" {
		certificate = ActCertificate
	}
	return one(first, second, certificate, ActCancel)
}

// fingerprintItems are the phone's certificate as a browser shows it, in rows
// that every display has room for.
func (s *State) fingerprintItems() []MenuItem {
	var items []MenuItem
	for rest := s.session.Fingerprint; rest != ""; {
		n := min(16, len(rest))
		items = append(items, MenuItem{ID: "fingerprint/" + itoa(len(items)), Label: Grouped(rest[:n])})
		rest = rest[n:]
	}
	return items
}

// Grouped sets hexadecimal digits in groups of four.
func Grouped(s string) string {
	var b strings.Builder
	for i, r := range s {
		if i > 0 && i%4 == 0 {
			b.WriteByte(' ')
		}
		b.WriteRune(r)
	}
	return b.String()
}

// emailDone takes an address that could be one, and asks for the password.
func emailDone(t *turn, _ *form, text string) {
	name, host, ok := strings.Cut(text, "@")
	if !ok || name == "" || host == "" || strings.ContainsAny(text, " \t") || strings.Contains(host, "@") ||
		strings.HasPrefix(host, ".") || strings.HasSuffix(host, ".") {
		t.wrong("form.error.email")
		return
	}
	t.typed.email = text
	t.openForm(newForm(formPassword, "", FormPassword, t.typed.password))
}

// passwordDone asks the server; the form stays until it has answered.
func passwordDone(t *turn, f *form, _ string) {
	if t.typed.busy {
		t.blip()
		return
	}
	if len(f.text) == 0 {
		t.wrong("form.empty")
		return
	}
	t.typed.password, t.typed.busy = string(f.text), true
	t.showBusy()
	t.emit(SignInWith{Email: t.typed.email, Password: Password(t.typed.password)})
}

// showBusy hides the last letter and says that the server is being asked.
func (t *turn) showBusy() {
	f := *t.page.form
	f.settleTap()
	f.peek, f.err = false, ""
	t.page.form = &f
	t.stop(Timer{Kind: TimerTap})
}

// serverDone keeps the address of the sign-in server.
func serverDone(t *turn, _ *form, text string) {
	if t.typed.busy {
		t.blip()
		return
	}
	text = strings.TrimPrefix(strings.ToLower(text), "https://")
	if text == "" || strings.ContainsAny(text, " @") || !strings.Contains(text, ".") && !strings.Contains(text, ":") {
		t.wrong(WhyHost.word())
		return
	}
	t.typed.busy = true
	t.showBusy()
	t.emit(SetSignInServer{Address: text})
}

// stopTrying is Cancel while the server is being asked: what was typed stays.
func (t *turn) stopTrying() {
	t.typed.busy = false
	t.emit(StopSignInWith{})
}

// leaveSignIn keeps a password that was typed while the e-mail is corrected.
func (t *turn) leaveSignIn() {
	if f := t.page.form; f != nil && f.id == formPassword {
		t.typed.password = string(f.text)
	}
}

// signInResult keeps what was typed and says what is wrong with it. A wrong
// password is asked for again, whatever page the person has gone back to.
func (t *turn) signInResult(e SignInResult) {
	if !t.typed.busy {
		return
	}
	t.typed.busy = false
	switch {
	case t.page.form == nil || !signInForm(t.page.form.id):
		return
	case e.Why == "":
		if t.page.form.id == formServer {
			t.closePage()
		}
		return
	}
	t.start(Timer{Kind: TimerMenu}, t.pageTime())
	t.wrong(e.Why.word())
}

// pageTime is how long the page on top stays without a key.
func (s *State) pageTime() time.Duration {
	if s.page.form != nil && signInForm(s.page.form.id) {
		return signInPatience * s.settings.Timers.Menu
	}
	return s.settings.Timers.Menu
}
