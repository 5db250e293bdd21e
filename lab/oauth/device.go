package oauth

import (
	"crypto/rand"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// The device authorization grant (RFC 8628): a phone asks for a code, a person
// enters it on another device, the phone polls until then.
const (
	// DevicePath and DeviceTokenPath are the endpoints, below the server's root.
	DevicePath      = "/oauth/device"
	DeviceTokenPath = "/oauth/device-token"
	// VerificationPath is the page that the person is sent to.
	VerificationPath = "/device"
	// DeviceClient is the only client id.
	DeviceClient = "phoned"

	deviceGrant    = "urn:ietf:params:oauth:grant-type:device_code"
	deviceLife     = 10 * time.Minute
	deviceInterval = time.Second
	// codeLetters cannot be read as one another or make a word (RFC 8628 §6.1).
	codeLetters = "BCDFGHJKLMNPQRSTVWXZ"
)

// ErrCode: no phone waits with this code.
var ErrCode = errors.New("no phone waits with this code")

// device is one code on its way.
type device struct {
	code    string // device code
	user    string // user code, without the dash
	expires time.Time
	polled  time.Time
	account *Account
	denied  bool
}

func (s *Server) handleDevice() {
	s.handle("POST "+DevicePath, "device", s.authorizeDevice)
	s.handle("POST "+DeviceTokenPath, "device-token", s.deviceToken)
	s.handle("GET "+VerificationPath, "device-page", s.devicePage)
	s.handle("POST "+VerificationPath, "device-page", s.deviceForm)
}

// authorizeDevice is RFC 8628 §3.1 and §3.2.
func (s *Server) authorizeDevice(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, 64<<10)
	if r.PostFormValue("client_id") != DeviceClient {
		refuse(w, http.StatusUnauthorized, "invalid_client")
		return
	}
	raw := make([]byte, 8)
	_, _ = rand.Read(raw) // never fails (crypto/rand)
	for i, b := range raw {
		raw[i] = codeLetters[int(b)%len(codeLetters)]
	}
	d := &device{code: "ld_" + rand.Text(), user: string(raw), expires: s.now().Add(deviceLife)}
	s.mu.Lock()
	s.devices[d.code] = d
	s.issued = append(s.issued, d.code)
	s.mu.Unlock()
	shown := d.user[:4] + "-" + d.user[4:]
	page := "https://" + r.Host + VerificationPath
	s.cfg.Note("device-code", "", shown, 200)
	reply(w, 200, map[string]any{"device_code": d.code, "user_code": shown, "verification_uri": page,
		"verification_uri_complete": page + "?user_code=" + url.QueryEscape(shown),
		"expires_in":                int(deviceLife.Seconds()), "interval": int(deviceInterval.Seconds())})
}

// deviceToken is RFC 8628 §3.4 and §3.5.
func (s *Server) deviceToken(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, 64<<10)
	switch {
	case r.PostFormValue("client_id") != DeviceClient:
		refuse(w, http.StatusUnauthorized, "invalid_client")
		return
	case r.PostFormValue("grant_type") != deviceGrant:
		refuse(w, http.StatusBadRequest, "unsupported_grant_type")
		return
	}
	account, word := s.poll(r.PostFormValue("device_code"))
	if word != "" {
		refuse(w, http.StatusBadRequest, word)
		return
	}
	access, refresh := s.issue(account)
	s.cfg.Note("signed-in", account.Email, "device code", 200)
	reply(w, 200, map[string]any{"access_token": access, "refresh_token": refresh, "token_type": "Bearer", "expires_in": int(s.cfg.Life.Seconds())})
}

// poll takes the result of a code, once; word is the error of RFC 8628 §3.5.
func (s *Server) poll(code string) (a *Account, word string) {
	now := s.now()
	s.mu.Lock()
	defer s.mu.Unlock()
	d := s.devices[code]
	switch {
	case d == nil:
		return nil, "invalid_grant"
	case !now.Before(d.expires):
		delete(s.devices, code)
		return nil, "expired_token"
	case d.denied:
		delete(s.devices, code)
		return nil, "access_denied"
	case d.account != nil:
		delete(s.devices, code)
		return d.account, ""
	}
	tooSoon := !d.polled.IsZero() && now.Sub(d.polled) < deviceInterval/2
	d.polled = now
	if tooSoon {
		return nil, "slow_down"
	}
	return nil, "authorization_pending"
}

// Approve enters a code as the person of this e-mail would; an empty e-mail
// refuses it. Case and dashes of the code do not matter.
func (s *Server) Approve(userCode, email string) error {
	var account *Account
	for i := range s.cfg.Accounts {
		if strings.EqualFold(s.cfg.Accounts[i].Email, email) {
			account = &s.cfg.Accounts[i]
		}
	}
	want := strings.ToUpper(strings.NewReplacer("-", "", " ", "").Replace(userCode))
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, d := range s.devices {
		if d.user != want || !s.now().Before(d.expires) {
			continue
		}
		d.account, d.denied = account, account == nil
		return nil
	}
	return ErrCode
}

// ExpireCodes ends the life of every code.
func (s *Server) ExpireCodes() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, d := range s.devices {
		d.expires = time.Time{}
	}
}

const devicePage = `<!doctype html><meta charset="utf-8"><title>Sign in a phone</title>
<form method="post"><label>Code <input name="user_code" required></label>
<label>E-mail <input name="email" type="email" required></label>
<label>Password <input name="password" type="password" required></label>
<button>Sign the phone in</button></form>
`

func (s *Server) devicePage(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = w.Write([]byte(devicePage))
}

// deviceForm is what a person does on the page.
func (s *Server) deviceForm(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, 64<<10)
	email := r.PostFormValue("email")
	for _, a := range s.cfg.Accounts {
		if strings.EqualFold(a.Email, email) && a.Password == r.PostFormValue("password") {
			if err := s.Approve(r.PostFormValue("user_code"), email); err != nil {
				http.Error(w, err.Error(), http.StatusNotFound)
				return
			}
			_, _ = w.Write([]byte("The phone is being signed in.\n"))
			return
		}
	}
	http.Error(w, "wrong e-mail or password", http.StatusUnauthorized)
}
