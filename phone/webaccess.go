package phone

// WebInfo is what a person at the phone is told of its management over the network.
type WebInfo struct {
	Served    bool     // it listens; not where the configuration has it off
	Addresses []string // of the page: "https://192.0.2.7"
	Words     string   // the certificate's key in six words with hyphens between them
	Accounts  int      // that can be forgotten here
}

type (
	// RemoteControl tells that somebody elsewhere controls the phone: the name of the
	// account or token and the address. Empty: nobody any more.
	RemoteControl struct{ By, From string }
	// ForgetAccounts removes the accounts, sessions and tokens of the management, but
	// for those of the configuration.
	ForgetAccounts struct{}
	// DeclineOffer: the person said no.
	DeclineOffer struct{ ID string }
)

func (RemoteControl) what()    {}
func (ForgetAccounts) effect() {}
func (DeclineOffer) effect()   {}

// ToastRemote says who controls the phone from elsewhere. Arg: name and address.
const ToastRemote = "remote"

const (
	menuWeb       = "web"
	confirmForget = "confirm.web_forget"
)

// remoteControl notes who controls the phone, and says so when that begins.
func (t *turn) remoteControl(e RemoteControl) {
	if e == t.remote {
		return
	}
	t.remote = e
	if e != (RemoteControl{}) {
		t.say(ToastRemote, e.By+" · "+e.From, false)
	}
}

// webMenu is Settings → Web access.
func (s *State) webMenu() []entry {
	web := s.device.Web
	if !web.Served {
		return nil
	}
	still := func(*turn) {}
	list := []entry{flip(SetWebAccess, !s.settings.WebOff)}
	if s.settings.WebOff {
		return list
	}
	for i, a := range web.Addresses {
		list = append(list, entry{"web_address/" + itoa(i), a, "", still})
	}
	for i, words := range wordPairs(web.Words) {
		list = append(list, entry{"web_key/" + itoa(i), "@web_key", words, still})
	}
	if web.Accounts > 0 {
		list = append(list, entry{"web_forget", "@web_forget", itoa(web.Accounts), (*turn).askForget})
	}
	return list
}

// askForget asks for the PIN first, where there is one: whoever stands at the phone
// becomes its first administrator by it.
func (t *turn) askForget() {
	if t.settings.PINSet {
		t.openForm(newForm("web_forget", "", FormPIN, ""))
		return
	}
	t.openPage(page{screen: ScreenConfirm, menu: confirmForget, parent: true})
}

// wordPairs are two words a row.
func wordPairs(words string) []string {
	var out []string
	last, n := 0, 0
	for i := range words {
		if words[i] == '-' {
			if n++; n%2 == 0 {
				out = append(out, words[last:i])
				last = i + 1
			}
		}
	}
	if last < len(words) {
		out = append(out, words[last:])
	}
	return out
}
