package manage

import (
	"context"

	"phoned/internal/devicecert"
	"phoned/internal/secret"
	"phoned/manage/access"
	"phoned/store"
)

// everything gives a Config all that it can have, so that no operation is missing.
func everything(c *Config) {
	c.Owner, c.Contacts = willing{}, &cardbox{}
	c.Certificate, _ = devicecert.Open(devicecert.Config{Vault: noVault{}})
	c.Access, c.Audit = access.Open(access.Config{Vault: noVault{}}), noAudit{}
}

// willing is an Owner that does as it is told.
type willing struct{ err error }

func (o willing) SignIn(context.Context, string, secret.String) error                  { return o.err }
func (o willing) SignInWithTokens(context.Context, secret.String, secret.String) error { return o.err }
func (o willing) SignOut(context.Context) error                                        { return o.err }
func (o willing) Reinitialise(context.Context) error                                   { return o.err }
func (o willing) SetService(bool)                                                      {}
func (o willing) History(context.Context, int, int) ([]map[string]any, error) {
	return []map[string]any{}, o.err
}
func (o willing) ReloadHistory(context.Context) error { return o.err }
func (o willing) ClearHistory(context.Context) error  { return o.err }
func (o willing) ParkSlots(context.Context, string) ([]map[string]any, error) {
	return []map[string]any{}, o.err
}
func (o willing) FactoryReset() {}

// noVault and noAudit keep nothing.
type noVault struct{}

func (noVault) Get(string) (secret.String, error)  { return secret.String{}, nil }
func (noVault) Set(map[string]secret.String) error { return nil }

type noAudit struct{}

func (noAudit) AddAudit(context.Context, store.AuditEntry) error { return nil }
func (noAudit) Audit(context.Context, int64, int) ([]store.AuditEntry, error) {
	return nil, nil
}
