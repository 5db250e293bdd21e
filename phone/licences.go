package phone

import "strings"

type (
	// ReadLicence asks for the licence of a part of Device.Parts. Result: LicenceRead.
	ReadLicence struct{ Part string }
	// LicenceRead brings its text.
	LicenceRead struct{ Part, Text string }
)

func (ReadLicence) effect() {}
func (LicenceRead) what()   {}

// licencesRow is the row of the about page behind which they are.
const licencesRow = "licences"

// licenceItems are the parts, with the names of their licences.
func (s *State) licenceItems() []MenuItem {
	items := make([]MenuItem, 0, len(s.device.Parts))
	for _, p := range s.device.Parts {
		name := strings.TrimPrefix(p.Name, "github.com/")
		items = append(items, MenuItem{ID: p.Name, Label: name, Value: p.Licence})
	}
	return items
}

// openAbout is OK on the about page.
func (t *turn) openAbout(id string) {
	if id != licencesRow {
		t.blip()
		return
	}
	t.openPage(page{screen: ScreenLicences, parent: true})
}

// openLicence asks for a part's licence; the page opens when it is there.
func (t *turn) openLicence(id string) {
	if id == "" {
		t.blip()
		return
	}
	t.emit(ReadLicence{id})
}

func (t *turn) licenceRead(e LicenceRead) {
	if t.page.screen != ScreenLicences || t.selectedID() != e.Part {
		return // somebody has gone on meanwhile
	}
	t.openPage(page{screen: ScreenLicence, parent: true, arg: e.Part, text: pieces(e.Text)})
}

// A long text moves in pieces of up to pieceLength runes: two lines of a colour
// display, four of the smallest one.
const (
	pieceLength = 80
	maxPieces   = 4000
)

// pieces cuts a text between its words; a paragraph begins a new one. Lines that
// somebody broke for a page of paper flow again.
func pieces(text string) []string {
	var out []string
	for _, paragraph := range strings.Split(strings.ReplaceAll(text, "\r\n", "\n"), "\n\n") {
		piece := ""
		for _, word := range strings.Fields(paragraph) {
			for len(word) > pieceLength { // a line of dashes, an address
				out, word = appendPiece(out, word[:pieceLength]), word[pieceLength:]
			}
			if piece != "" && len(piece)+1+len(word) > pieceLength {
				out, piece = appendPiece(out, piece), ""
			}
			if piece != "" {
				piece += " "
			}
			piece += word
		}
		if piece != "" {
			out = appendPiece(out, piece+"\n")
		}
	}
	return out
}

func appendPiece(out []string, s string) []string {
	if len(out) >= maxPieces {
		return out
	}
	return append(out, strings.ToValidUTF8(s, ""))
}
