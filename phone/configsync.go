package phone

// ConfigAsked: the exchange or the management wants the configuration fetched
// again, and the phone started anew if Reboot says so.
type ConfigAsked struct{ Reboot bool }

// CheckConfig fetches the configuration again. It comes when the phone is
// idle; with Reboot the phone starts anew afterwards.
type CheckConfig struct{ Reboot bool }

func (ConfigAsked) what()   {}
func (CheckConfig) effect() {}

// configDue is a check that waits until nobody uses the phone.
type configDue struct{ asked, reboot bool }

func (t *turn) configAsked(e ConfigAsked) {
	t.configDue.asked = true
	t.configDue.reboot = t.configDue.reboot || e.Reboot
}

// settleConfig: a call is never ended for a new configuration.
func (t *turn) settleConfig() {
	if !t.configDue.asked || t.dialScreen() || t.count(func(c *call) bool { return c.State != Ended }) > 0 {
		return
	}
	due := t.configDue
	t.configDue = configDue{}
	t.emit(CheckConfig{Reboot: due.reboot})
}
