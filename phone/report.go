package phone

type (
	// MakeReport keeps what the flight recorder has, for support. Result: ReportMade.
	MakeReport struct{}
	// ReportMade: the report is kept, or could not be.
	ReportMade struct{ OK bool }
)

func (MakeReport) effect() {}
func (ReportMade) what()   {}

// The toasts of a report.
const (
	ToastReportMade   = "report_made"
	ToastReportFailed = "report_failed"
)

func (t *turn) reportMade(e ReportMade) {
	if e.OK {
		t.say(ToastReportMade, "", false)
		return
	}
	t.say(ToastReportFailed, "", true)
}
