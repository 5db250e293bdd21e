package backend

import (
	"errors"
	"net/http"

	"phoned/internal/health"
	"phoned/internal/httpcall"
)

// The codes of ProblemOf.
const (
	CodeNotConfigured = "backend.not_configured"
	CodeUnreachable   = "backend.unreachable"
	CodeCertificate   = "backend.certificate"
	CodeBusy          = "backend.busy"
	CodeRefused       = "backend.refused"
	CodeAnswer        = "backend.answer"
	CodeNoLines       = "backend.no_lines"
	CodeWrongPassword = "backend.wrong_password"
	CodeLost          = "backend.sign_in_lost"
	CodeSignedOut     = "backend.signed_out"
	CodeStorage       = "backend.storage"
	CodeRedirect      = "backend.redirect"
	CodeFailed        = "backend.failed"
)

// ProblemOf puts an error of this package into a plain sentence. Subject is
// the host that was asked, where there is one.
func ProblemOf(err error) health.Problem {
	p := words(err)
	p.Detail = err.Error()
	var he *httpcall.Error
	if errors.As(err, &he) {
		p.Subject = he.Host
	}
	return p
}

func words(err error) health.Problem {
	switch {
	case errors.Is(err, ErrNotConfigured):
		return health.Problem{Code: CodeNotConfigured, Severity: health.Warning,
			Title: "This phone has not been told its server.", Advice: "Provision it with a QR code, a USB stick or the web page."}
	case errors.Is(err, ErrWrongPassword):
		return health.Problem{Code: CodeWrongPassword, Severity: health.Error,
			Title: "Wrong e-mail or password.", Advice: "Check both and sign in again."}
	case errors.Is(err, ErrAnswerLost):
		return health.Problem{Code: CodeLost, Severity: health.Critical,
			Title: "The server's answer was lost, and the sign-in with it.", Advice: "Sign in again."}
	case errors.Is(err, ErrSignInLost):
		return health.Problem{Code: CodeLost, Severity: health.Critical,
			Title: "The server has signed this phone out.", Advice: "Sign in again."}
	case errors.Is(err, ErrSignedOut):
		return health.Problem{Code: CodeSignedOut, Severity: health.Warning,
			Title: "Nobody is signed in on this phone.", Advice: "Sign in."}
	case errors.Is(err, ErrVault):
		return health.Problem{Code: CodeStorage, Severity: health.Error,
			Title: "The phone can't save its sign-in.", Advice: "Check the storage; a restart may sign this phone out."}
	case errors.Is(err, ErrNoDomains):
		return health.Problem{Code: CodeNoLines, Severity: health.Error,
			Title: "Your account has no telephone line.", Advice: "Ask your administrator to assign an extension."}
	case errors.Is(err, ErrAnswer), errors.Is(err, httpcall.ErrTooLarge):
		return health.Problem{Code: CodeAnswer, Severity: health.Error,
			Title: "The server's answer can't be understood.", Advice: "Tell your administrator; the phone tries again by itself."}
	case errors.Is(err, ErrUnauthorized), errors.Is(err, ErrForbidden):
		return health.Problem{Code: CodeRefused, Severity: health.Error,
			Title: "The server refuses this phone.", Advice: "Ask your administrator whether the account is allowed to do this."}
	}
	return transportWords(err)
}

func transportWords(err error) health.Problem {
	var he *httpcall.Error
	expired := errors.As(err, &he) && he.Expired
	switch {
	case errors.Is(err, httpcall.ErrCertificate) && expired:
		return health.Problem{Code: CodeCertificate, Severity: health.Error,
			Title: "The server's certificate is expired or not valid yet.", Advice: "Check the phone's date and time; else the server's certificate must be renewed."}
	case errors.Is(err, httpcall.ErrCertificate) && he != nil && he.OtherName:
		return health.Problem{Code: CodeCertificate, Severity: health.Error,
			Title: "The server's certificate is for another name.", Advice: "Check the server's address in the configuration."}
	case errors.Is(err, httpcall.ErrCertificate):
		return health.Problem{Code: CodeCertificate, Severity: health.Error,
			Title: "The server's certificate is not trusted.", Advice: "Check the server's address, or install its certificate authority on the phone."}
	case errors.Is(err, httpcall.ErrUnreachable):
		return health.Problem{Code: CodeUnreachable, Severity: health.Error,
			Title: "The server can't be reached.", Advice: "Check the network; the phone tries again by itself."}
	case errors.Is(err, httpcall.ErrRedirect):
		return health.Problem{Code: CodeRedirect, Severity: health.Error,
			Title: "The server sends the phone to another address.", Advice: "Check the server's address in the configuration."}
	case he != nil && (he.Temporary() || he.Status == http.StatusTooManyRequests):
		return health.Problem{Code: CodeBusy, Severity: health.Warning,
			Title: "The server has trouble.", Advice: "The phone tries again by itself."}
	}
	return health.Problem{Code: CodeFailed, Severity: health.Error,
		Title: "The server does not do what the phone asked.", Advice: "Tell your administrator."}
}
