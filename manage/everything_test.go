package manage

import (
	"context"

	"phoned/internal/secret"
)

// everything gives a Config all that it can have, so that no operation is missing.
func everything(c *Config) {
	c.Owner, c.Contacts = willing{}, &cardbox{}
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
