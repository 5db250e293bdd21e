package app

import (
	"encoding/json"
	"log/slog"
	"os"
	"path/filepath"

	"phoned/hal"
	"phoned/phone"
	"phoned/store"
	"phoned/ui"
)

// startingName is the file of the data folder with what the first picture needs. The
// configuration and the person's settings are known much later.
const startingName = "starting.json"

// starting is what is kept for the first picture of the next start.
type starting struct {
	PhoneName  string `json:"phoneName,omitempty"`
	BrandName  string `json:"brandName,omitempty"`
	Locale     string `json:"locale,omitempty"`
	Theme      string `json:"theme,omitempty"`
	Primary    string `json:"primary,omitempty"`
	Accent     string `json:"accent,omitempty"`
	Brightness int    `json:"brightness,omitempty"`
}

// startingBrightness is that of the first picture of a new phone, in percent.
const startingBrightness = 80

// ShowStarting draws the picture of a phone that starts, before anything slow: names,
// language and colours are those of the last time. It must not be called beside a Phone.
func ShowStarting(dataDir string, panels []hal.Panel, log *slog.Logger) {
	if len(panels) == 0 {
		return
	}
	kept := readStarting(dataDir)
	s := phone.Settings{PhoneName: kept.PhoneName, BrandName: kept.BrandName, Primary: kept.Primary, Accent: kept.Accent}
	env := ui.Env{Locale: kept.Locale, Theme: ui.Theme(kept.Theme)}
	for _, p := range panels {
		r, err := rendererFor(p.Bounds().Size())
		if err != nil {
			log.Warn("the first picture can't be drawn", "err", err)
			continue
		}
		if n, ok := r.(interface{ SoftWidth() int }); ok {
			env.SoftWidth = n.SoftWidth()
		}
		img, _ := r.Draw(ui.Starting(s, env))
		err = p.Draw(img, img.Rect)
		if err == nil {
			err = p.Backlight(kept.Brightness)
		}
		if err != nil {
			log.Warn("the display does not take a picture", "err", err)
			continue
		}
		log.Info("first picture")
	}
}

// readStarting gives what was kept; nothing where there is nothing to be read.
func readStarting(dataDir string) (kept starting) {
	b, err := os.ReadFile(filepath.Join(filepath.Clean(dataDir), startingName))
	if err != nil || json.Unmarshal(b, &kept) != nil {
		kept = starting{}
	}
	if kept.Brightness < 1 || kept.Brightness > 100 {
		kept.Brightness = startingBrightness
	}
	return kept
}

// keepStarting keeps what the next start's first picture needs, if it has changed.
func keepStarting(dataDir string, s phone.Settings, log *slog.Logger) {
	want := starting{s.PhoneName, s.BrandName, s.Locale, s.Theme, s.Primary, s.Accent, s.Brightness}
	if readStarting(dataDir) == want {
		return
	}
	b, err := json.Marshal(want)
	if err == nil {
		err = store.ReplaceFile(filepath.Join(dataDir, startingName), b)
	}
	if err != nil {
		log.Warn("the names for the next start's first picture can't be kept", "err", err)
	}
}
