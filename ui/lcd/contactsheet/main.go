// Command contactsheet draws every screen of the phone on one contact sheet a
// theme, for `make screens`.
package main

import (
	"flag"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"os"
	"path/filepath"

	"phoned/ui"
	"phoned/ui/lcd"
	"phoned/ui/scenes"
)

func main() {
	dir := flag.String("dir", filepath.Join("docs", "img"), "folder for screens-THEME.png")
	locale := flag.String("locale", "en", "language of the screens")
	columns := flag.Int("columns", 4, "screens a row")
	all := flag.Bool("all", false, "also the screens that only tests need")
	flag.Parse()
	if err := run(*dir, *locale, *columns, *all); err != nil {
		fmt.Fprintln(os.Stderr, "contactsheet:", err)
		os.Exit(1)
	}
}

func run(dir, locale string, columns int, all bool) error {
	if columns < 1 {
		return fmt.Errorf("-columns %d: at least one", columns)
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("make the folder: %w", err)
	}
	if err := monoSheet(filepath.Join(dir, "screens-mono.png"), locale, columns, all); err != nil {
		return err
	}
	for _, theme := range ui.Themes() {
		img, err := sheet(theme, locale, columns, all)
		if err != nil {
			return err
		}
		path := filepath.Join(dir, "screens-"+string(theme)+".png")
		if err := write(path, img); err != nil {
			return err
		}
		fmt.Println(path)
	}
	return nil
}

const gap = 24

// sheet draws the scenes in rows on a desk that sets them off.
func sheet(theme ui.Theme, locale string, columns int, all bool) (*image.RGBA, error) {
	var shown []scenes.Scene
	for _, s := range scenes.All() {
		if all || s.Sheet {
			shown = append(shown, s)
		}
	}
	desk := color.RGBA{0x2a, 0x2d, 0x34, 255}
	if theme.Light() {
		desk = color.RGBA{0xc9, 0xcd, 0xd4, 255}
	}
	rows := (len(shown) + columns - 1) / columns
	img := image.NewRGBA(image.Rect(0, 0, gap+columns*(lcd.MinWidth+gap), gap+rows*(lcd.MinHeight+gap)))
	draw.Draw(img, img.Rect, image.NewUniform(desk), image.Point{}, draw.Src)
	r, err := lcd.New(image.Rect(0, 0, lcd.MinWidth, lcd.MinHeight))
	if err != nil {
		return nil, err
	}
	for i, s := range shown {
		pic, _ := r.Draw(ui.Build(s.View, s.Env(theme, locale)))
		at := image.Pt(gap+i%columns*(lcd.MinWidth+gap), gap+i/columns*(lcd.MinHeight+gap))
		draw.Draw(img, pic.Rect.Add(at), pic, image.Point{}, draw.Src)
	}
	return img, nil
}

func write(path string, img image.Image) error {
	f, err := os.Create(path)
	if err != nil {
		return fmt.Errorf("write the sheet: %w", err)
	}
	if err := png.Encode(f, img); err != nil {
		f.Close()
		return fmt.Errorf("write %s: %w", path, err)
	}
	return f.Close()
}

// monoScale is how much a pixel of the 128×64 panel is enlarged.
const monoScale = 3

// monoSheet draws the scenes of the smallest panel.
func monoSheet(path, locale string, columns int, all bool) error {
	r, err := lcd.NewMono(image.Rect(0, 0, lcd.MinMonoWidth, lcd.MinMonoHeight))
	if err != nil {
		return err
	}
	var shown []scenes.Scene
	for _, s := range scenes.All() {
		if all || s.Sheet {
			shown = append(shown, s)
		}
	}
	const w, h = lcd.MinMonoWidth*monoScale + gap, lcd.MinMonoHeight*monoScale + gap
	rows := (len(shown) + columns - 1) / columns
	img := image.NewRGBA(image.Rect(0, 0, gap+columns*w, gap+rows*h))
	draw.Draw(img, img.Rect, image.NewUniform(color.RGBA{0x2a, 0x2d, 0x34, 255}), image.Point{}, draw.Src)
	for i, s := range shown {
		env := s.Env(ui.Dark, locale)
		env.SoftWidth = r.SoftWidth()
		pic, _ := r.Draw(ui.Build(s.View, env))
		at := image.Pt(gap+i%columns*w, gap+i/columns*h)
		for y := range lcd.MinMonoHeight {
			for x := range lcd.MinMonoWidth {
				p := at.Add(image.Pt(x*monoScale, y*monoScale))
				draw.Draw(img, image.Rectangle{Min: p, Max: p.Add(image.Pt(monoScale, monoScale))}, image.NewUniform(pic.RGBAAt(x, y)), image.Point{}, draw.Src)
			}
		}
	}
	if err := write(path, img); err != nil {
		return err
	}
	fmt.Println(path)
	return nil
}
